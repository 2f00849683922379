package access_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"florin/access"
	"florin/problem"
)

func TestParseMode(t *testing.T) {
	t.Parallel()
	for _, want := range []access.Mode{access.Test, access.Live} {
		if got, err := access.ParseMode(string(want)); err != nil || got != want {
			t.Errorf("%s: got %s and %v", want, got, err)
		}
	}
	for _, text := range []string{"", "Test", "LIVE", "tests", " live", "sandbox"} {
		if got, err := access.ParseMode(text); got != "" || !problem.Is(err, problem.InvalidParameter) {
			t.Errorf("%q: got %q and %v", text, got, err)
		}
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	if test, live := access.Test.Prefix(), access.Live.Prefix(); test != "sk_test_" || live != "sk_live_" {
		t.Errorf("got %s and %s", test, live)
	}
}

// The stores hold these hashes: they are SHA-256, for ever. The vectors are those
// of FIPS 180-2.
func TestHashSecret(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": "248d6a61d20638b8e5c026930c3e6039" +
			"a33ce45964ff2167f6ecedd419db06c1",
	} {
		hash := access.HashSecret(secret)
		if got := hex.EncodeToString(hash[:]); got != want {
			t.Errorf("%q: got %s, want %s", secret, got, want)
		}
	}
	if access.HashSecret("sk_test_a") == access.HashSecret("sk_test_A") {
		t.Error("two secrets have one hash")
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	for _, mode := range []access.Mode{access.Test, access.Live} {
		for _, rest := range []string{"abcdefghijklmnopqrst", "ABCDEFGHIJ0123456789", strings.Repeat("z", 200)} {
			if err := access.CheckSecret(mode, mode.Prefix()+rest); err != nil {
				t.Errorf("%s%s: %v", mode.Prefix(), rest, err)
			}
		}
		for name, rest := range map[string]string{
			"nothing":            "",
			"19 letters":         "abcdefghijklmnopqrs",
			"a dash":             "abcdefghij-klmnopqrst",
			"an underscore":      "abcdefghijklmnopqrst_",
			"a space before":     " abcdefghijklmnopqrst",
			"a line's end":       "abcdefghijklmnopqrst\n",
			"a letter of two":    "abcdefghijklmnopqrs\u00e9",
			"a zero byte inside": "abcdefghij\x00klmnopqrst",
			"a broken letter":    "abcdefghijklmnopqrst\xff",
		} {
			refused(t, name, mode, mode.Prefix()+rest)
		}
	}
	for name, secret := range map[string]string{
		"the other mode":   "sk_live_abcdefghijklmnopqrst",
		"no prefix":        "abcdefghijklmnopqrstuvwxyz",
		"capitals":         "SK_TEST_abcdefghijklmnopqrst",
		"something before": " sk_test_abcdefghijklmnopqrst",
		"a public key":     "pk_test_abcdefghijklmnopqrst",
		"nothing":          "",
	} {
		refused(t, name, access.Test, secret)
	}
}

// refused wants a 401 that does not repeat the secret.
func refused(t *testing.T, name string, mode access.Mode, secret string) {
	t.Helper()
	err := access.CheckSecret(mode, secret)
	if !problem.Is(err, problem.Unauthorized) {
		t.Errorf("%s: got %v", name, err)
		return
	}
	if len(secret) > 10 && strings.Contains(err.Error(), secret[len(secret)-10:]) {
		t.Errorf("%s: the secret stands in %v", name, err)
	}
}
