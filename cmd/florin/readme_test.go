package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"florin/internal/config"
)

// florinVariable makes the test binary be florin itself.
const florinVariable = "FLORIN_TEST_IS_FLORIN"

func TestMain(m *testing.M) {
	if os.Getenv(florinVariable) != "" {
		main()
		return
	}
	code := m.Run()
	for _, end := range ends {
		end()
	}
	os.Exit(code)
}

// ends are called when all tests are over.
var ends []func()

// TestReadme runs what README.md shows in ```sh blocks, all of it in one shell,
// as it stands but for the server's port. What a line must print stands behind
// its `# →`.
func TestReadme(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed", program)
			}
			t.Skipf("%s is missing: the README's examples are not run", program)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	server := start(t, filepath.Join(dir, "florin-data"), false)
	script, checks := readmeScript(string(readme))
	if checks < 10 {
		t.Fatalf("the README has only %d lines that say what they print", checks)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	wrapper := fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", florinVariable, self)
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "florin"), []byte(wrapper), 0o700); err != nil {
		t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "http://127.0.0.1:8080", server.url)
	shell := exec.CommandContext(context.Background(), "bash", "-euo", "pipefail", "-c", script)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := shell.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, server.log)
	}
}

// TestReadmeConfiguration loads what README.md shows in its ```yaml block.
func TestReadmeConfiguration(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(readme), "```yaml\n")
	text, _, ended := strings.Cut(text, "```")
	if !found || !ended {
		t.Fatal("the README shows no configuration")
	}
	got, err := config.Load(writeConfig(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	if len(got.Gateways) != 2 || got.Shards.Count != 4 || got.RateLimit.Requests != 100 || got.Store != want.Store ||
		got.Mode != want.Mode || got.Listen != want.Listen || got.Data != want.Data || got.Fraud != want.Fraud ||
		got.Commit != want.Commit || got.Vault != want.Vault || got.RateLimit.Window != want.RateLimit.Window {
		t.Errorf("the README's configuration is %+v, the default %+v", got, want)
	}
}

// readmeScript collects the ```sh blocks, and makes each line that says what it
// prints check that.
func readmeScript(readme string) (script string, checks int) {
	inside := false
	var b strings.Builder
	for n, line := range strings.Split(readme, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh"
			continue
		case !inside:
			continue
		}
		command, want, ok := strings.Cut(line, "# →")
		if !ok {
			fmt.Fprintln(&b, line)
			continue
		}
		checks++
		fmt.Fprintf(&b, "out=$(%s) || { echo \"line %d fails: $out\"; exit 1; }\n", strings.TrimSpace(command), n+1)
		fmt.Fprintf(&b, "grep -qF -- '%s' <<< \"$out\" || { echo \"line %d prints $out\"; exit 1; }\n",
			strings.TrimSpace(want), n+1)
	}
	return b.String(), checks
}
