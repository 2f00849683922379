package access_test

import (
	"strings"
	"testing"

	"florin/access"
	"florin/problem"
)

func TestNewSecretsAreGood(t *testing.T) {
	t.Parallel()
	for _, mode := range []access.Mode{access.Test, access.Live} {
		one, two := access.NewSecret(mode, [20]byte{1}), access.NewSecret(mode, [20]byte{2})
		if err := access.CheckSecret(mode, one); err != nil || one == two || len(one) != len("sk_test_")+32 {
			t.Errorf("%s, %s: %v", one, two, err)
		}
		if !strings.HasSuffix(one, access.Hint(one)) || len(access.Hint(one)) != 4 {
			t.Errorf("the hint of %s is %s", one, access.Hint(one))
		}
	}
	if access.Hint("abc") != "abc" {
		t.Error("a short secret's hint is not itself")
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("aZ09", 5)
	for secret, good := range map[string]bool{
		"sk_test_" + long:       true,
		"sk_test_" + long[1:]:   false,
		"sk_live_" + long:       false,
		"sk_test_" + long + "-": false,
		long:                    false,
		"":                      false,
	} {
		err := access.CheckSecret(access.Test, secret)
		if (err == nil) != good || err != nil && !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%q: the error is %v, want good %v", secret, err, good)
		}
	}
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"test": true, "live": true, "": false, "Test": false} {
		if mode, err := access.ParseMode(text); (err == nil) != good || good && string(mode) != text {
			t.Errorf("%q: %q, %v", text, mode, err)
		}
	}
}
