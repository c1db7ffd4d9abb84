package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SeedRange is a closed range of seeds, [First, Last].
type SeedRange struct{ First, Last Seed }

// ParseSeeds reads a range as the command line gives it: "1-1000", or "7" for
// one seed. The error says what would be right.
func ParseSeeds(text string) (SeedRange, error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	switch {
	case err1 != nil || err2 != nil:
		return SeedRange{}, fmt.Errorf("seeds %q: want A-B with whole numbers up to %d, for instance 1-1000", text, uint64(math.MaxUint64))
	case first > last:
		return SeedRange{}, fmt.Errorf("seeds %q: the range ends before it begins", text)
	case last-first == math.MaxUint64:
		return SeedRange{}, fmt.Errorf("seeds %q: the range is too large", text)
	}
	return SeedRange{Seed(first), Seed(last)}, nil
}

// String is the range as ParseSeeds reads it.
func (r SeedRange) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// Len is the number of seeds in the range.
func (r SeedRange) Len() uint64 { return uint64(r.Last-r.First) + 1 }

// Each calls yield with every seed of the range that belongs to the shard, in
// order, until it says no; then the result is false.
func (r SeedRange) Each(s Shard, yield func(Seed) bool) bool {
	for seed := r.First; ; seed++ {
		if uint64(seed-r.First)%s.Of == s.Index && !yield(seed) {
			return false
		}
		if seed == r.Last {
			return true
		}
	}
}

// Shard is part Index of Of equal parts of a range, Index counted from 0.
type Shard struct{ Index, Of uint64 }

// WholeRange is the shard that has every seed.
var WholeRange = Shard{0, 1}

// Len is the number of seeds of the range that belong to the shard.
func (s Shard) Len(r SeedRange) uint64 {
	if n := r.Len(); n > s.Index {
		return (n-s.Index-1)/s.Of + 1
	}
	return 0
}

// ParseShard reads a shard as the command line gives it: "0/4".
func ParseShard(text string) (Shard, error) {
	index, of, ok := strings.Cut(text, "/")
	i, err1 := strconv.ParseUint(index, 10, 64)
	n, err2 := strconv.ParseUint(of, 10, 64)
	if !ok || err1 != nil || err2 != nil || n == 0 || i >= n {
		return Shard{}, fmt.Errorf("shard %q: want I/N with 0 <= I < N, for instance 0/4", text)
	}
	return Shard{i, n}, nil
}

// String is the shard as ParseShard reads it; empty for the whole.
func (s Shard) String() string {
	if s == WholeRange {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}
