package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// site is where a load can go: the servers of one store, and users with cards.
type site struct {
	target  Target
	users   []User
	servers []*Server
	dir     string // to delete
	funded  bool   // the users' wallets
}

// openSite starts the servers, or takes the one that runs.
func (r *run) openSite(ctx context.Context, group string) (s *site, err error) {
	s = &site{target: Target{APIKey: r.cfg.APIKey, NetHTTP: r.cfg.NetHTTP, Repeat: r.cfg.Restart}}
	if !r.cfg.Restart { // a process that is started again begins at 0
		s.target.CPU = s.cpu
	}
	if r.cfg.URL != "" {
		s.target.Addrs = []string{r.cfg.URL}
		return s, nil
	}
	data := r.cfg.Data
	if data == "" {
		if s.dir, err = TempDir(); err != nil {
			return nil, err
		}
		data = s.dir
	} else if !r.cfg.Shared && inMemory(data) {
		fmt.Fprintf(r.cfg.Log, "note: %s is in memory, where fsync costs nothing\n", data)
	}
	for process := range r.cfg.Processes {
		addr, err := freeAddr()
		if err == nil {
			var server *Server
			server, err = StartServer(ctx, addr, func() *exec.Cmd {
				return r.cfg.Serve(data, addr, group, process)
			}, r.cfg.Restart, r.cfg.Log)
			s.servers = append(s.servers, server)
		}
		if err != nil {
			s.servers = s.servers[:process]
			return nil, errors.Join(err, s.close())
		}
		s.target.Addrs = append(s.target.Addrs, addr)
	}
	return s, nil
}

// cpu returns the CPU time of all servers.
func (s *site) cpu() (spent time.Duration) {
	for _, server := range s.servers {
		spent += cpuTime(server.PID())
	}
	return spent
}

// close stops the servers and deletes a temporary store. It returns why a server
// was not there any more.
func (s *site) close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Stop())
	}
	s.servers = nil
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// err returns why a server is not there any more, or what it said last, when a
// load failed. The clients notice first: it gets a moment.
func (s *site) err() error {
	var errs []error
	for _, server := range s.servers {
		select {
		case <-server.ended:
			errs = append(errs, server.Err())
		case <-time.After(300 * time.Millisecond):
			if said := server.Said(); said != "" {
				errs = append(errs, errors.New("the server said: "+said))
			}
		}
	}
	return errors.Join(errs...)
}

func (s *site) restarts() (n int) {
	for _, server := range s.servers {
		n += server.Restarts()
	}
	return n
}

// prepare stores the users' cards and fills the store. A replay has users of its
// own.
func (r *run) prepare(ctx context.Context, s *site) error {
	if r.cfg.Replay != "" && r.cfg.Fill == 0 {
		return nil
	}
	if !r.cfg.paysByCard() && r.cfg.Replay == "" {
		return nil
	}
	p := newProgress(r.cfg.Log, r.cfg.Terminal, "cards", int64(r.cfg.Users), false)
	var err error
	s.users, err = StoreCards(ctx, s.target, firstUsers(r.cfg.Users), r.keys(), p)
	p.end()
	if err != nil || r.cfg.Fill == 0 {
		return err
	}
	return r.fill(ctx, s)
}
