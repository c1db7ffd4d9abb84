//go:build !linux || !amd64

package exact

import "context"

func openProgram(context.Context, []byte, string) (Engine, error) { return nil, CanFork() }
