package main

import (
	"slices"
	"strings"
	"testing"
)

func TestProfileName(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"cpu-batch.pprof":         profileName("cpu.pprof", "batch", 0),
		"cpu-batch-1.pprof":       profileName("cpu.pprof", "batch", 1),
		"/tmp/x.d/profile-single": profileName("/tmp/x.d/profile", "single", 0),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestHostPort(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                       "",
		"http://127.0.0.1:8080/": "127.0.0.1:8080",
		"127.0.0.1:8080":         "127.0.0.1:8080",
		"http://florin.test":     "florin.test:80",
		"http://[::1]:8080":      "[::1]:8080",
	} {
		if got := hostPort(url); got != want {
			t.Errorf("hostPort(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestBenchStartsItsServer(t *testing.T) {
	t.Parallel()
	cmd := benchCmd{Profile: "cpu", Config: "florin.yaml"}.serve("florin", "sk_test_1", "dir", "127.0.0.1:1", "single", 0)
	if got := strings.Join(cmd.Args, " "); got != "florin serve --data dir --listen 127.0.0.1:1 --config florin.yaml" {
		t.Errorf("the server is started with %s", got)
	}
	for _, variable := range []string{"FLORIN_API_KEY=sk_test_1", "FLORIN_CPUPROFILE=florin-cpu-single.pprof"} {
		if !slices.Contains(cmd.Env, variable) {
			t.Errorf("the server's environment lacks %s", variable)
		}
	}
}
