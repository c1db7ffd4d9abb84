package custom

import (
	"math"
	"reflect"
	"sync"

	"github.com/cespare/xxhash/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// validCache remembers which custom resources, and which changes of them, one
// version has found valid. Validation is a pure function of the content before
// and after, and costs 200–400 µs for a schema with a few CEL rules; a sweep
// over thousands of seeds sees the same contents again and again, and then
// pays only for hashing them. Objects found invalid are validated each time.
//
// Contents are told apart by 64-bit hashes, of which at most validLimit
// pairs are kept; so the chance that one of a billion objects is taken for
// another is one in a million.
type validCache struct {
	mu    sync.Mutex
	valid map[validKey]struct{}
}

const validLimit = 4096

type validKey struct {
	endpoint validated
	now, old uint64
	// unchanged: metadata is the same too. Then, and only then, errors at the
	// root are tolerated, so the entry says nothing about other changes.
	unchanged bool
}

// validated is which of the validations was passed.
type validated byte

const (
	validCreate validated = iota
	validUpdate
	validStatus
)

// unlessKnown runs validate unless the key is known to be valid; with known
// false the key says nothing.
func (v *validCache) unlessKnown(key validKey, known bool, validate func() field.ErrorList) field.ErrorList {
	if !known {
		return validate()
	}
	v.mu.Lock()
	_, valid := v.valid[key]
	v.mu.Unlock()
	if valid {
		return nil
	}
	errs := validate()
	if len(errs) == 0 {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.valid == nil || len(v.valid) >= validLimit {
			v.valid = map[validKey]struct{}{}
		}
		v.valid[key] = struct{}{}
	}
	return errs
}

// changeKey is the key for a change from old to u; known is false if there are
// values in them that do not come from JSON.
func changeKey(endpoint validated, u, old *unstructured.Unstructured) (key validKey, known bool) {
	now, ok := validatedContent(u)
	before, okOld := validatedContent(old)
	return validKey{
		endpoint:  endpoint,
		now:       now,
		old:       before,
		unchanged: now == before && reflect.DeepEqual(u.Object["metadata"], old.Object["metadata"]),
	}, ok && okOld
}

// validatedContent is a hash of what validation may look at: everything but
// metadata, of which CEL rules see the name and generateName. ok is false if
// there are values in it that do not come from JSON.
func validatedContent(u *unstructured.Unstructured) (hash uint64, ok bool) {
	ok = true
	for key, value := range u.Object {
		if key != "metadata" {
			hash += contentPair(key, value, &ok)
		}
	}
	hash += contentPair("metadata.name", u.GetName(), &ok)
	hash += contentPair("metadata.generateName", u.GetGenerateName(), &ok)
	return hash, ok
}

// contentPair hashes an entry of a map; sums of entries do not depend on the
// order in which the map is walked.
func contentPair(key string, value any, ok *bool) uint64 {
	return kinds.Scramble(xxhash.Sum64String(key) ^ kinds.Scramble(contentHash(value, ok)))
}

func contentHash(value any, ok *bool) uint64 {
	const null, boolean, integer, number, text, list, object = 1, 2, 4, 5, 6, 7, 8
	switch v := value.(type) {
	case nil:
		return null
	case bool:
		if v {
			return boolean + 1
		}
		return boolean
	case int64:
		return kinds.Scramble(uint64(v)) + integer
	case float64:
		return kinds.Scramble(math.Float64bits(v)) + number
	case string:
		return xxhash.Sum64String(v) + text
	case []any:
		hash := uint64(list)
		for _, element := range v {
			hash = kinds.Scramble(hash + contentHash(element, ok))
		}
		return hash
	case map[string]any:
		hash := uint64(object)
		for key, element := range v {
			hash += contentPair(key, element, ok)
		}
		return hash
	}
	*ok = false
	return 0
}
