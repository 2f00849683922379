package seal_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Digests are alike for alike parts only; the same bytes, cut otherwise, differ.
func TestDigestTellsPartsApart(t *testing.T) {
	t.Parallel()
	kek := newKEK(t)
	v, stranger := open(t, kek, newShelf()), open(t, kek, newShelf())
	seen := map[[32]byte]string{}
	for _, parts := range [][][]byte{
		nil,
		{nil},
		{nil, nil},
		{[]byte("ab")},
		{[]byte("a"), []byte("b")},
		{[]byte("ab"), nil},
		{nil, []byte("ab")},
		{[]byte("b"), []byte("a")},
		{make([]byte, 8)},
		{{0, 0, 0, 0, 0, 0, 0, 1, 'a'}},
	} {
		digest := v.Digest(parts...)
		if other, taken := seen[digest]; taken {
			t.Errorf("%q and %s have the same digest", parts, other)
		}
		seen[digest] = fmt.Sprintf("%q", parts)
		if digest != v.Digest(parts...) {
			t.Errorf("%q: a second digest differs", parts)
		}
		if digest == stranger.Digest(parts...) {
			t.Errorf("%q: two stores have the same digest", parts)
		}
	}
}

func TestDigestOfAnyParts(t *testing.T) {
	t.Parallel()
	v := open(t, newKEK(t), newShelf())
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 5), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		alike := len(a) == len(b)
		for i := range min(len(a), len(b)) {
			alike = alike && bytes.Equal(a[i], b[i])
		}
		if (v.Digest(a...) == v.Digest(b...)) != alike {
			t.Fatalf("%q and %q: alike is %v", a, b, alike)
		}
	})
}

func TestDigestFromManyGoroutines(t *testing.T) {
	t.Parallel()
	v := open(t, newKEK(t), newShelf())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			part := []byte{byte(i)}
			want := v.Digest(part)
			for range 200 {
				if v.Digest(part) != want {
					t.Error("a digest changed")
					return
				}
			}
		})
	}
	all.Wait()
}

// What the hot path pays: the path, the user and a payment's body.
func BenchmarkDigest(b *testing.B) {
	v := open(b, newKEK(b), newShelf())
	path, user := []byte("/api/v1/payments"), []byte("1234567")
	for _, size := range []int{0, 256, 1024} {
		b.Run(fmt.Sprintf("%d bytes", size), func(b *testing.B) {
			body := bytes.Repeat([]byte("x"), size)
			b.ReportAllocs()
			for b.Loop() {
				v.Digest(path, user, body)
			}
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	v := open(b, newKEK(b), newShelf())
	id, card := newID(1), aCard()
	sealed, err := v.Seal(id, card)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			_, _ = v.Seal(id, card)
		}
	})
	b.Run("unseal", func(b *testing.B) {
		for b.Loop() {
			_, _ = v.Unseal(id, sealed)
		}
	})
	b.Run("fingerprint", func(b *testing.B) {
		for b.Loop() {
			v.Fingerprint(number)
		}
	})
}
