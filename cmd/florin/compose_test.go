package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// composeService is what compose.yaml may say of a server; anything else is an
// error of the strict decoder.
type composeService struct {
	Image       string            `yaml:"image"`
	Restart     string            `yaml:"restart"`
	SharedMem   string            `yaml:"shm_size"`
	Grace       string            `yaml:"stop_grace_period"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	Healthcheck struct {
		Test              []string `yaml:"test"`
		Interval, Timeout string
		Retries           int
	} `yaml:"healthcheck"`
}

type composeFile struct {
	Name     string                     `yaml:"name"`
	Services map[string]composeService  `yaml:"services"`
	Volumes  map[string]map[string]bool `yaml:"volumes"`

	Postgres    composeService    `yaml:"x-postgres"`
	Environment map[string]string `yaml:"x-environment"`
}

// TestCompose holds compose.yaml to what Florin needs: a server a shard, which
// only this machine reaches, each with its own volume and the database that its
// number names.
func TestCompose(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) != 4 || len(file.Volumes) != 4 {
		t.Fatalf("%d services and %d volumes, want 4 of each", len(file.Services), len(file.Volumes))
	}
	for k := range 4 {
		name, database := fmt.Sprintf("shard-%d", k), fmt.Sprintf("florin_%d", k)
		s, ok := file.Services[name]
		if _, volume := file.Volumes[name]; !ok || !volume {
			t.Errorf("there is no %s, or no volume for it", name)
			continue
		}
		if s.Image != "postgres:15" || !slices.Contains(s.Command, "-cjit=off") {
			t.Errorf("%s: image %s, command %v", name, s.Image, s.Command)
		}
		if slices.ContainsFunc(s.Command, func(c string) bool { return strings.Contains(c, "fsync") }) {
			t.Errorf("%s: nothing may touch fsync: %v", name, s.Command)
		}
		if want := []string{fmt.Sprintf("127.0.0.1:%d:5432", 15432+k)}; !slices.Equal(s.Ports, want) {
			t.Errorf("%s: ports %v, want %v", name, s.Ports, want)
		}
		if want := []string{name + ":/var/lib/postgresql/data"}; !slices.Equal(s.Volumes, want) {
			t.Errorf("%s: volumes %v, want %v", name, s.Volumes, want)
		}
		if e := s.Environment; e["POSTGRES_DB"] != database || e["POSTGRES_USER"] != "florin" ||
			!strings.HasPrefix(e["POSTGRES_PASSWORD"], "${FLORIN_DB_PASSWORD:?") {
			t.Errorf("%s: environment %v", name, e)
		}
		if test := s.Healthcheck.Test; !slices.Contains(test, "pg_isready") || !slices.Contains(test, database) {
			t.Errorf("%s: health check %v", name, test)
		}
	}
}
