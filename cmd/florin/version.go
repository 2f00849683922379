package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (versionCmd) Help() string { return "Example:\n  florin version --json" }

// Run implements the command.
func (v versionCmd) Run(c *console) error {
	about := version()
	if v.JSON {
		return c.json(about)
	}
	fmt.Fprintf(c.out, "florin %s (%s, %s)\n", about.Version, cmp.Or(about.Commit, "no commit known"), about.Go)
	return nil
}

// build is what the binary knows of itself.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

func version() build {
	about := build{Version: "dev", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return about
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		about.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			about.Commit = s.Value[:min(12, len(s.Value))] + about.Commit
		case "vcs.modified":
			if s.Value == "true" {
				about.Commit += "+changes"
			}
		}
	}
	return about
}
