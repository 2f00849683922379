package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"florin/access"
	"florin/internal/config"
)

// greet prints the address, and a line that takes a payment as it stands.
func (n *node) greet(c *console, addr net.Addr) {
	url := "http://" + reachable(addr)
	place := n.cfg.Data
	if n.cfg.Store == config.Postgres {
		place = counted(n.store.Shards(), "database") + ", keys in " + n.cfg.Data
	}
	fmt.Fprintf(c.out, "Florin listens on %s, a %s store in %s.\n", url, n.cfg.Mode, place)
	fmt.Fprintf(c.out, "The reference of all calls is at %s/docs.\n", url)
	if n.cfg.Mode != access.Test {
		return // only a test card could pay without a cardholder
	}
	key, note := n.keyForShell(c.terminal)
	if key == "" {
		where := "--data " + quoted(n.cfg.Data)
		if path := n.cfg.Path(); path != "" {
			where = "--config " + quoted(path) + " " + where
		}
		fmt.Fprintf(c.out, "Make an API key: florin keys create --name mine %s\n", where)
		return
	}
	fmt.Fprintf(c.out, `%s
Take a payment:

  curl %s/api/v1/payments -H "Authorization: Bearer %s" -H "Content-Type: application/json" \
    -d '{"user_id":1,"amount":1999,"currency":"USD","payment_method":"pm_card_visa","confirm":true}'

`, note, url, key)
}

// keyForShell returns an API key as it can stand in double quotes in a shell:
// itself for a terminal, else where it is found. It is "" when there is none.
func (n *node) keyForShell(terminal bool) (key, note string) {
	path := filepath.Join(n.cfg.Data, keyFile)
	if secret, err := readKeyFile(path); err == nil {
		if _, good := n.keys.Find(secret); good {
			note = "The API key is in " + path + "."
			if terminal {
				return secret, note
			}
			return "$(cat " + quoted(path) + ")", note
		}
	}
	if os.Getenv(keyVariable) != "" {
		return "$" + keyVariable, "The API key is in " + keyVariable + "."
	}
	return "", ""
}

// reachable returns an address at which this machine reaches a listener.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
}

// counted writes how many things there are.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// quoted writes a path so that a shell takes it as one word.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
