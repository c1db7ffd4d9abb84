package wasm

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
)

//go:embed *.go
var sources embed.FS

// Version names what Straighten makes of a module, for caches: it changes with
// this package.
func Version() string {
	sum := sha256.New()
	files, err := sources.ReadDir(".")
	for _, f := range files {
		source, e := sources.ReadFile(f.Name())
		err = errors.Join(err, e)
		sum.Write(source)
	}
	if err != nil {
		panic(fmt.Sprintf("wasm: reading what is embedded: %v", err))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Sections that matter here, by the core specification's numbers.
const (
	importSection   = 2
	functionSection = 3
	codeSection     = 10
)

// section is a part of a module.
type section struct {
	id   byte
	body []byte
}

const headLength = 8 // of a module: magic number, version

// Straighten returns a module that does the same and that wazero makes faster
// machine code of. It expects what the Go linker writes; functions that have
// another form than the usual stay as they are. The functions of the module
// keep their numbers, since return addresses are made of them; those for who is
// resumed come behind. The same module gives the same result.
func Straighten(module []byte) (straight []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("straightening the module: %v", r)
		}
	}()
	if len(module) < headLength {
		return nil, errors.New("straightening the module: it is empty")
	}
	var sections []section
	var types []int
	var bodies [][]byte
	imported := 0
	for in := (&Reader{module[headLength:]}); len(in.Rest) > 0; {
		s := section{id: in.Byte()}
		s.body = in.Bytes(in.Number())
		sections = append(sections, s)
		switch body := (&Reader{s.body}); s.id {
		case importSection:
			imported = body.Number() // functions, see package exact
		case functionSection:
			for range body.Number() {
				types = append(types, body.Number())
			}
		case codeSection:
			for range body.Number() {
				bodies = append(bodies, body.Bytes(body.Number()))
			}
		}
	}
	for i := range len(bodies) {
		f := parse(bodies[i])
		if f == nil {
			continue
		}
		f.simplify()
		slow := 0
		if f.resumable {
			slow = imported + len(bodies)
			bodies, types = append(bodies, f.resumed()), append(types, types[i])
		}
		bodies[i] = f.fast(slow)
	}
	return assemble(module, sections, types, bodies), nil
}

func assemble(module []byte, sections []section, types []int, bodies [][]byte) []byte {
	out := append(make([]byte, 0, 2*len(module)), module[:headLength]...)
	for _, s := range sections {
		switch s.id {
		case functionSection:
			s.body = appendNumber(nil, len(types))
			for _, t := range types {
				s.body = appendNumber(s.body, t)
			}
		case codeSection:
			s.body = appendNumber(nil, len(bodies))
			for _, b := range bodies {
				s.body = append(appendNumber(s.body, len(b)), b...)
			}
		}
		out = append(appendNumber(append(out, s.id), len(s.body)), s.body...)
	}
	return out
}
