//go:build !(linux && amd64)

package program

import (
	"context"

	"github.com/seatrial/seatrial/sim"
)

// run says that this machine cannot.
func (b *Binary) run(context.Context, sim.Env, Options) error { return Supported() }

// Close ends all zygotes of this process: there are none.
func Close() {}
