package ipam

import "math/bits"

const wordBits = 64

// freeSet is a set of small integers that finds its highest member in a few
// steps however many it holds: a bitmap, above it a bitmap of which of its
// words are not zero, and so on up to a single word. A /16 takes three levels
// and 8 KiB.
type freeSet struct {
	levels [][]uint64
	count  int
}

// newFreeSet returns the set of all integers in [0, size).
func newFreeSet(size int) *freeSet {
	set := &freeSet{count: size}

	for {
		words := make([]uint64, (size+wordBits-1)/wordBits)
		for i := range size {
			words[i/wordBits] |= 1 << (i % wordBits)
		}

		set.levels = append(set.levels, words)
		if len(words) <= 1 {
			return set
		}

		size = len(words)
	}
}

func (s *freeSet) has(i int) bool {
	return s.levels[0][i/wordBits]&(1<<(i%wordBits)) != 0
}

func (s *freeSet) add(i int) {
	if s.has(i) {
		return
	}

	s.count++

	for _, words := range s.levels {
		words[i/wordBits] |= 1 << (i % wordBits)
		i /= wordBits
	}
}

func (s *freeSet) remove(i int) {
	if !s.has(i) {
		return
	}

	s.count--

	for _, words := range s.levels {
		words[i/wordBits] &^= 1 << (i % wordBits)
		if words[i/wordBits] != 0 {
			return
		}

		i /= wordBits
	}
}

// highest returns the greatest member, or false if the set is empty.
func (s *freeSet) highest() (int, bool) {
	if s.count == 0 {
		return 0, false
	}

	i := 0
	for level := len(s.levels) - 1; level >= 0; level-- {
		i = i*wordBits + bits.Len64(s.levels[level][i]) - 1
	}

	return i, true
}
