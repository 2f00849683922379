package main

import (
	"encoding/json"
	"strings"
	"testing"

	"florin/access"
)

// newStore makes a store and returns its directory.
func newStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	mustFlorin(t, "migrate", "up", "--data", dir)
	return dir
}

func listKeys(t *testing.T, dir string) []keyRow {
	t.Helper()
	var rows []keyRow
	if err := json.Unmarshal([]byte(mustFlorin(t, "keys", "list", "--data", dir, "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestKeysAreMadeListedAndRevoked(t *testing.T) {
	t.Parallel()
	dir := newStore(t)
	secret := strings.TrimSpace(mustFlorin(t, "keys", "create", "--data", dir, "--name", "shop"))
	if err := access.CheckSecret(access.Test, secret); err != nil {
		t.Fatal(err)
	}
	var made keyRow
	text := mustFlorin(t, "keys", "create", "--data", dir, "--name", "till", "--scope", "refunds,read", "--json")
	if err := json.Unmarshal([]byte(text), &made); err != nil || access.CheckSecret(access.Test, made.Secret) != nil {
		t.Fatalf("it prints %s: %v", text, err)
	}
	rows := listKeys(t, dir)
	if len(rows) != 2 || rows[0].Name != "shop" || rows[0].Hint != access.Hint(secret) || rows[0].Scopes[0] != "admin" ||
		rows[1].ID != made.ID || strings.Join(rows[1].Scopes, " ") != "read refunds" ||
		rows[1].CreatedAt == "" || rows[1].RevokedAt != "" {
		t.Fatalf("the list is %+v", rows)
	}
	first := mustFlorin(t, "keys", "revoke", "--data", dir, made.ID, "--json")
	if second := mustFlorin(t, "keys", "revoke", "--data", dir, made.ID, "--json"); first != second {
		t.Errorf("revoking again says %s, at first %s", second, first)
	}
	if rows := listKeys(t, dir); rows[0].RevokedAt != "" || rows[1].RevokedAt == "" {
		t.Errorf("the wrong key is revoked: %+v", rows)
	}
	table := mustFlorin(t, "keys", "list", "--data", dir)
	if strings.Contains(table, secret) || !strings.Contains(table, "sk_test_..."+access.Hint(secret)) {
		t.Errorf("the list shows a secret, or no hint:\n%s", table)
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := newStore(t)
	for line, want := range map[string]string{
		"create --name x --scope foo":                 `scopes "foo" is none of payments, refunds,`,
		"create --name= ":                             "name must be 1 to 100 characters",
		"create --name " + strings.Repeat("x", 101):   "name must be 1 to 100 characters",
		"revoke pay_0192f3a4b5c67d008123456789ab0000": "is no API key's id",
		"revoke key_0192f3a4b5c67d008123456789ab0000": "there is no key_0192f3a4b5c67d008123456789ab0000",
	} {
		r := florin(t, append([]string{"keys", "--data", dir}, strings.Fields(line)...)...)
		if r.code == 2 { // flags stand behind the last word
			r = florin(t, append(append([]string{"keys"}, strings.Fields(line)...), "--data", dir)...)
		}
		if r.code != 1 || !strings.Contains(r.err, want) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("keys %s: %+v, want 1 and %q", line, r, want)
		}
	}
	r := florin(t, "keys", "list", "--data", t.TempDir())
	if r.code != 1 || !strings.Contains(r.err, "there is no store") {
		t.Errorf("without a store: %+v", r)
	}
}

func TestMigrateTellsTheSchema(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out := mustFlorin(t, "migrate", "status", "--data", dir); strings.Count(out, "not made yet") != 4 {
		t.Errorf("before: %s", out)
	}
	if out := mustFlorin(t, "migrate", "up", "--data", dir); strings.Count(out, "made now") != 4 {
		t.Errorf("up: %s", out)
	}
	var rows []schemaRow
	text := mustFlorin(t, "migrate", "status", "--data", dir, "--json")
	if err := json.Unmarshal([]byte(text), &rows); err != nil || len(rows) != 4 || rows[3].Version != rows[3].Latest {
		t.Errorf("after: %s: %v", text, err)
	}
}
