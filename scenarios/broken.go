package scenarios

import (
	"context"
	"fmt"
)

// one says why the manifests are not a single object.
func (m Manifests) one() error {
	if m.err == nil && len(m.objects) != 1 {
		return fmt.Errorf("%d objects in a step (want exactly one)", len(m.objects))
	}
	return m.err
}

// broken is an action that could not be made. It is never performed, because no
// plan with it is valid.
type broken struct {
	name string
	err  error
}

func (b *broken) Type() string                          { return b.name }
func (b *broken) Object() string                        { return "" }
func (b *broken) Default(*Catalog)                      {}
func (b *broken) Clone() Action                         { return b }
func (b *broken) Perform(context.Context, *Actor) error { return b.err }
func (b *broken) Validate(report Report, field string, _ Scope) {
	report(field, b.err.Error(), "")
}
