package realserver

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Version is the Kubernetes release that is built.
const Version = "v1.37.1"

// BinariesEnv names the environment variable that points at a folder of
// binaries to use instead of the one in the cache.
const BinariesEnv = "SEATRIAL_REAL_APISERVER"

// module.mod is a go.mod of its own, because k8s.io/kubernetes needs a replace
// line for each of its staging repositories. It is not called go.mod, so that
// it can be embedded and the build works from any directory.
var (
	//go:embed build/module.mod
	goMod []byte
	//go:embed build/module.sum
	goSum []byte
)

// Command is one of the binaries.
type Command string

// What a control plane is made of. Etcd and APIServer are always needed.
const (
	Etcd              Command = "etcd"
	APIServer         Command = "kube-apiserver"
	ControllerManager Command = "kube-controller-manager"
)

var packages = map[Command]string{
	Etcd:              "go.etcd.io/etcd/server/v3",
	APIServer:         "k8s.io/kubernetes/cmd/kube-apiserver",
	ControllerManager: "k8s.io/kubernetes/cmd/kube-controller-manager",
}

// Binaries is the folder that holds the binaries: the one named by
// SEATRIAL_REAL_APISERVER, else seatrial/kubernetes-<Version> in the user's
// cache directory. Those of the commands that are missing there are built
// first; progress is told on log. The error is the go command's, with the last
// it said.
func Binaries(ctx context.Context, log io.Writer, commands ...Command) (string, error) {
	dir := os.Getenv(BinariesEnv)
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("real server: no cache directory for the binaries (set %s): %w", BinariesEnv, err)
		}
		dir = filepath.Join(cache, "seatrial", "kubernetes-"+Version)
	}
	var missing []Command
	for _, c := range commands {
		_, err := os.Stat(filepath.Join(dir, string(c)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, c)
		case err != nil:
			return "", fmt.Errorf("real server: %w", err)
		}
	}
	if len(missing) == 0 {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("real server: %w", err)
	}
	module, err := moduleFolder()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(module)
	for _, c := range missing {
		fmt.Fprintf(log, "building %s into %s; the first time this takes minutes\n", c, dir)
		if err := build(ctx, module, filepath.Join(dir, string(c)), packages[c]); err != nil {
			return "", fmt.Errorf("real server: building %s: %w", c, err)
		}
	}
	return dir, nil
}

// moduleFolder is a temporary module that requires what is built.
func moduleFolder() (string, error) {
	dir, err := os.MkdirTemp("", "seatrial-build-")
	if err != nil {
		return "", fmt.Errorf("real server: %w", err)
	}
	for name, data := range map[string][]byte{"go.mod": goMod, "go.sum": goSum} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return "", fmt.Errorf("real server: %w", err)
		}
	}
	return dir, nil
}

// build writes to a temporary name first: a half-written binary is never taken
// for a whole one.
func build(ctx context.Context, module, out, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", linkerFlags(), "-o", out+".new", pkg)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLines(said))
	}
	return os.Rename(out+".new", out)
}

// linkerFlags give the binaries the version that a release has: without it a
// server calls itself v0.0.0 and its feature gates compare wrongly.
func linkerFlags() string {
	const version = "k8s.io/component-base/version."
	major, minor, _ := strings.Cut(strings.TrimPrefix(Version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	values := []string{
		"gitVersion=" + Version,
		"gitMajor=" + major,
		"gitMinor=" + minor,
		"gitTreeState=clean",
		"gitCommit=" + strings.Repeat("0", 40),
		"buildDate=2026-01-01T00:00:00Z",
	}
	flags := "-s -w"
	for _, v := range values {
		flags += " -X " + version + v
	}
	return flags
}

const saidLines = 20

func lastLines(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-saidLines):], "\n")
}
