package exact

import "github.com/tetratelabs/wazero/experimental"

// memory is the linear memory of one instance after another. The bytes stay
// allocated between them, because clearing what was used is cheaper than
// asking for pages anew.
type memory struct {
	bytes []byte // len: as far as it was ever used; all zero beyond
	size  int    // of the instance at hand
}

// Allocate implements [experimental.MemoryAllocator].
func (m *memory) Allocate(uint64, uint64) experimental.LinearMemory {
	m.size = 0
	return m
}

// Reallocate implements [experimental.LinearMemory].
func (m *memory) Reallocate(size uint64) []byte {
	if n := int(size); n > cap(m.bytes) {
		larger := make([]byte, n, max(n, 2*cap(m.bytes), initialCapacity))
		copy(larger, m.bytes)
		m.bytes = larger
	}
	m.bytes = m.bytes[:max(len(m.bytes), int(size))]
	m.size = int(size)
	return m.bytes[:size:size]
}

// initialCapacity holds most runs without being moved.
const initialCapacity = 256 << 20

// Free implements [experimental.LinearMemory].
func (m *memory) Free() {}

// begin gives the instance the content it starts with.
func (m *memory) begin(content []byte) {
	n := copy(m.bytes, content)
	clear(m.bytes[n:])
	m.bytes = m.bytes[:m.size]
}
