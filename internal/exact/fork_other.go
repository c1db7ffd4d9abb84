//go:build !linux || !amd64

package exact

import "context"

func openProgram(context.Context, []byte, string, Start) (Engine, error) { return nil, CanFork() }

func openCommand([]byte, string) (Engine, error) { return nil, CanFork() }
