package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/seatrial/seatrial/differential/realserver"
)

// binaries are what a run needs: the control plane's are kept in the cache, the
// controller is built anew each time.
type binaries struct {
	controlPlane string
	folder       string
	controller   string
}

const controllerPackage = "github.com/seatrial/seatrial/cmd/globalingressip-controller"

func build(ctx context.Context, log io.Writer) (*binaries, error) {
	plane, err := realserver.Binaries(ctx, log, realserver.Etcd, realserver.APIServer)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "seatrial-e2e-")
	if err != nil {
		return nil, err
	}
	b := &binaries{controlPlane: plane, folder: folder, controller: filepath.Join(folder, "globalingressip-controller")}
	said, err := exec.CommandContext(ctx, "go", "build", "-o", b.controller, controllerPackage).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build the controller: %w: %s", err, said)
	}
	return b, nil
}
