package synth

import (
	"fmt"
	"hash/fnv"
	"time"
)

// rng is a splitmix64 generator. math/rand does not promise the same numbers
// from one Go version to the next; collections must stay byte for byte.
type rng struct{ state uint64 }

// stream returns a generator of its own for that purpose, so that a change to
// one log does not shift the others.
func stream(seed uint64, purpose string) *rng {
	h := fnv.New64a()
	h.Write([]byte(purpose)) // never fails
	return &rng{state: seed*0x9e3779b97f4a7c15 ^ h.Sum64()}
}

func (r *rng) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// n returns a number from 0 to n-1.
func (r *rng) n(n int) int { return int(r.next() % uint64(n)) }

// between returns a number from lo to hi.
func (r *rng) between(lo, hi int) int { return lo + r.n(hi-lo+1) }

func (r *rng) duration(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(r.next()%uint64(hi-lo+1))
}

// guid returns a random GUID in lower case.
func (r *rng) guid() string {
	a, b := r.next(), r.next()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a), uint16(a>>32), a>>48&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// text returns n characters of the alphabet.
func (r *rng) text(n int, alphabet string) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[r.n(len(alphabet))]
	}
	return string(out)
}

const (
	upperDigits = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	hexDigits   = "0123456789abcdef"
	base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

func pick[T any](r *rng, from []T) T { return from[r.n(len(from))] }
