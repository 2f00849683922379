package postgres

import "testing"

func TestCheckServer(t *testing.T) {
	t.Parallel()
	for version, fine := range map[string]bool{
		"15.14 (Debian 15.14-0+deb12u1)": true, "17beta1": true, "18.0": true, "": true,
		"14.19": false, "9.6.24": false, "8.3.0": false,
	} {
		if err := checkServer(version); (err == nil) != fine {
			t.Errorf("%q: %v", version, err)
		}
	}
}
