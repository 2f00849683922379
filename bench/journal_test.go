package bench_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"florin/bench"
)

const wantLine = `{"payment":"pay_1","user_id":7,"amount":3226,"currency":"USD",` +
	`"status":"succeeded","key":"k:0"}` + "\n"

func TestJournalIsFlushed(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		j, err := bench.OpenJournal(name)
		if err != nil {
			t.Fatal(err)
		}
		p := bench.Payment{UserID: 7, Minor: 3226}
		if err := j.Add(&p, "pay_1", "succeeded", "k:0"); err != nil {
			t.Fatal(err)
		}
		expect := func(want string) {
			t.Helper()
			if text, err := os.ReadFile(name); err != nil || string(text) != want {
				t.Errorf("the file holds %q, %v; want %q", text, err, want)
			}
		}
		expect("")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		expect(wantLine)
		if err := j.Add(&p, "pay_1", "succeeded", "k:0"); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		expect(wantLine + wantLine)
	})
}

func TestJournalSaysThatItCannotWrite(t *testing.T) {
	t.Parallel()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("there is no " + full + " here")
	}
	j, err := bench.OpenJournal(full)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Add(&bench.Payment{}, "pay_1", "succeeded", "k"); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err == nil {
		t.Error("nothing was said")
	}
}

func TestNoJournalKeepsNothing(t *testing.T) {
	t.Parallel()
	var j *bench.Journal
	if err := j.Add(&bench.Payment{}, "pay_1", "succeeded", "k"); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
