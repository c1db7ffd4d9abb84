package sim

import (
	"encoding/binary"

	//lint:ignore SA1019 pinned on purpose, docs/inside/adr/0003
	"golang.org/x/exp/rand"
)

// GeneratorName names the sequential generator and the hash behind [Draw] in
// artifacts. Change it whenever either changes: an old seed then means
// something else.
const GeneratorName = "x-exp-pcg/fnv1a-mix/4"

// Rand is a sequential generator, as [Stream] returns it.
type Rand = rand.Rand

// Stream returns the sequential random stream of one purpose, for generating
// plans. Streams of different names are independent; one name always gives the
// same stream for the same seed.
//
// This file is the only one that knows golang.org/x/exp/rand, which is marked
// for deletion upstream: it is pinned in go.mod and its first outputs are
// pinned by a test.
func Stream(seed Seed, name string) *Rand {
	return rand.New(rand.NewSource(hashOf(seed, name)))
}

// Draw returns a number in [0, 1) that depends on the seed and the keys alone:
// the same question always has the same answer, whatever was asked before.
// Decisions about requests are drawn this way, keyed by the request's identity.
func Draw(seed Seed, keys ...string) float64 {
	return float64(hashOf(seed, keys...)>>11) / (1 << 53)
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// hashOf is FNV-1a over the seed and the keys, each ended by a zero byte so that
// ("ab", "c") and ("a", "bc") differ, followed by a finaliser: FNV alone leaves
// the high bits of short keys nearly constant.
func hashOf(seed Seed, keys ...string) uint64 {
	h := uint64(fnvOffset)
	var s [8]byte
	binary.LittleEndian.PutUint64(s[:], uint64(seed))
	for _, b := range s {
		h = (h ^ uint64(b)) * fnvPrime
	}
	for _, key := range keys {
		for i := 0; i < len(key); i++ {
			h = (h ^ uint64(key[i])) * fnvPrime
		}
		h *= fnvPrime
	}
	return mix(h)
}

// mix is the finaliser of splitmix64: every input bit reaches every output bit.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
