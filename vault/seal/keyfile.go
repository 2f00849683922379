package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Errors of OpenKeyFile and OpenKeyFileFor; what wraps them names the file.
var (
	// ErrKeyFileOpen says that others than the file's owner may use it.
	ErrKeyFileOpen = errors.New("vault: the key file is open to others")
	// ErrKeyFileBroken says that the file holds no AEAD keyset. It is never
	// overwritten: the right content may still be in a backup.
	ErrKeyFileBroken = errors.New("vault: the key file holds no key")
	// ErrKeyFileMissing says that there is no file where the store's keysets need
	// one: a new key would open none of them.
	ErrKeyFileMissing = errors.New("vault: the key file is missing")
)

// maxKeyFile is in bytes; a keyset of one key has some 300.
const maxKeyFile = 64 << 10

// OpenKeyFile returns the key-encryption key in the file at path: a Tink AEAD
// keyset in JSON, in clear, so the file is worth as much as the cards. When
// there is no file it makes a key (AES256-GCM), in a file with mode 0600 and,
// where it is missing, a directory with mode 0700; the file appears whole or not
// at all, and of processes that race all use the one that was first.
func OpenKeyFile(path string) (KeyEncryption, error) {
	key, err := readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKeyFile(path); err != nil {
		return nil, fmt.Errorf("vault: make the key file %s: %w", path, err)
	}
	return readKeyFile(path)
}

// OpenKeyFileFor does the same for the store that has keysets: once there are
// any, a file that is missing is ErrKeyFileMissing, and nothing is written.
func OpenKeyFileFor(ctx context.Context, path string, keysets Keysets) (KeyEncryption, error) {
	for _, name := range keysetNames {
		switch _, found, err := keysets.Find(ctx, name); {
		case err != nil:
			return nil, fmt.Errorf("vault: find keyset %q: %w", name, err)
		case !found:
			continue
		}
		key, err := readKeyFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missingKeyFile(path)
		}
		return key, err
	}
	return OpenKeyFile(path)
}

// missingKeyFile is an ErrKeyFileMissing that names the file.
type missingKeyFile string

// Error implements error.
func (m missingKeyFile) Error() string {
	return "the key file " + string(m) + " is missing, and this store has cards already; restore it"
}

// Unwrap makes it an ErrKeyFileMissing.
func (missingKeyFile) Unwrap() error { return ErrKeyFileMissing }

func readKeyFile(path string) (KeyEncryption, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vault: open the key file: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("vault: open the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no regular file", ErrKeyFileBroken, path)
	}
	if !closedToOthers(info) {
		return nil, fmt.Errorf("%w: %s has mode %04o; chmod it to 0600, and if others may have read it, "+
			"think of its key as known", ErrKeyFileOpen, path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("vault: read the key file %s: %w", path, err)
	}
	defer clear(text)
	// The causes are left out, for a parser's error may quote the key.
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no Tink keyset in JSON; put the right file back, "+
			"what was sealed needs its very key", ErrKeyFileBroken, path)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is a keyset, but not for AEAD", ErrKeyFileBroken, path)
	}
	return keyFile{primitive}, nil
}

// makeKeyFile makes the file unless there is one by then.
func makeKeyFile(path string) error {
	text, err := newKeyText()
	if err != nil {
		return err
	}
	defer clear(text)
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // a leftover holds a key that nobody uses
	if err := writeAndClose(temp, text); err != nil {
		return err
	}
	// A hard link, unlike a rename, never replaces what is there.
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func newKeyText() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

func writeAndClose(file *os.File, text []byte) error {
	_, err := file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// makeDir makes dir and what is missing above it, for the owner alone.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// keyFile is the key; it prints as "key file", since keys are not for logs.
type keyFile struct{ tink.AEAD }

// Format writes "key file", whatever the verb.
func (keyFile) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key file")) }
