//go:build unix

package seal

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// closedToOthers tells whether the owner alone can use the file. As PostgreSQL
// does for its keys, it lets the group read a file that root owns and another
// user reads: so Kubernetes mounts secrets.
func closedToOthers(info fs.FileInfo) bool {
	forbidden := fs.FileMode(0o077)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == 0 && os.Geteuid() != 0 {
		forbidden = 0o037
	}
	return info.Mode().Perm()&forbidden == 0
}

// syncDir makes the directory's entries durable.
func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
