package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"
)

// trace numbers events, hashes them and keeps them when asked to.
type trace struct {
	seq    uint64
	hash   hash.Hash
	line   []byte // reused for encoding one event
	keep   bool
	events []Event
}

func newTrace(keep bool) *trace {
	t := &trace{hash: sha256.New(), keep: keep}
	t.hash.Write([]byte(GeneratorName))
	return t
}

// add appends an event and returns its number.
func (t *trace) add(at time.Duration, e Event) uint64 {
	t.seq++
	e.Seq, e.At = t.seq, at
	t.line = e.encode(t.line[:0])
	t.hash.Write(t.line)
	if t.keep {
		t.events = append(t.events, e)
	}
	return e.Seq
}

func (t *trace) sum() string { return hex.EncodeToString(t.hash.Sum(nil)[:16]) }

// encode gives the bytes that the running hash is made of. A change here
// changes every hash: it needs an entry in CHANGELOG.
func (e Event) encode(b []byte) []byte {
	for _, n := range []uint64{e.Seq, uint64(e.At), e.Call, uint64(e.Code), e.Revision, e.Digest} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for _, s := range []string{string(e.Type), e.Process, e.Identity, e.Detail} {
		b = append(append(b, s...), 0)
	}
	return b
}

// digest identifies a body in an event without keeping it.
func digest(body []byte) uint64 {
	h := uint64(fnvOffset)
	for _, b := range body {
		h = (h ^ uint64(b)) * fnvPrime
	}
	return h
}
