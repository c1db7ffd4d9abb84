package apiserver

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// generatedAlphabet is what kube-apiserver draws generateName suffixes from:
// no vowels, so that no words come out.
const generatedAlphabet = "bcdfghjklmnpqrstvwxz2456789"

// Names are cut so that suffix and name fit into a DNS label.
const (
	generatedSuffix  = 5
	maxGeneratedBase = 63 - generatedSuffix
)

// hash is the one source of what looks random: the seed, what it is for, and
// whose it is.
func (s *Server) hash(purpose string, identity string, count uint64) [sha256.Size]byte {
	b := make([]byte, 0, 128)
	b = binary.LittleEndian.AppendUint64(b, s.config.Seed)
	b = append(b, purpose...)
	b = append(b, 0)
	b = append(b, identity...)
	b = append(b, 0)
	b = binary.LittleEndian.AppendUint64(b, count)
	return sha256.Sum256(b)
}

func (s *Server) uuid(purpose, identity string, count uint64) string {
	h := s.hash(purpose, identity, count)
	h[6] = h[6]&0x0f | 0x40 // version 4
	h[8] = h[8]&0x3f | 0x80 // RFC 9562 variant
	var out [36]byte
	hex.Encode(out[0:8], h[0:4])
	hex.Encode(out[9:13], h[4:6])
	hex.Encode(out[14:18], h[6:8])
	hex.Encode(out[19:23], h[8:10])
	hex.Encode(out[24:36], h[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

func (s *Server) generateName(res *resource, namespace, base string, own kinds.Strategy) string {
	if g, ok := own.(kinds.NameGenerator); ok {
		return g.GenerateName(base)
	}
	if len(base) > maxGeneratedBase {
		base = base[:maxGeneratedBase]
	}
	key := namespace + "/" + base
	n := res.generated[key]
	res.generated[key] = n + 1
	h := s.hash("generateName", res.identity+"/"+key, n)
	suffix := make([]byte, generatedSuffix)
	for i := range suffix {
		suffix[i] = generatedAlphabet[int(h[i])%len(generatedAlphabet)]
	}
	return base + string(suffix)
}
