package program

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/internal/overlay"
)

// Source says where a program comes from: from Go sources, or ready from a file.
type Source struct {
	// Module is the folder of the program's module, whose go.mod decides every
	// version, or a module of the module proxy with its version,
	// "example.com/operator@v1.2.3". Default: the working directory.
	Module string
	// Package is that of main, as the go command takes it in that folder; default ".".
	Package string
	// File is a program that [Build] made before; then the other fields are empty.
	File string
}

// Binary is a program that can be put to sea.
type Binary struct {
	// Path is the file; it stays as it is, whatever is built later.
	Path string
	// Package is its import path, Go the release that compiled it.
	Package, Go string
}

// Digest names the content of the program: the same sources, built by the same Go
// release, have the same.
func (b *Binary) Digest() (string, error) {
	content, err := os.ReadFile(b.Path)
	if err != nil {
		return "", fmt.Errorf("reading a program: %w", err)
	}
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:]), nil
}

// protocolTag tells a program that this version of the agent can talk to. It changes
// with the hooks.
const protocolTag = "seatrial_program_3"

// SourceError is a program that cannot be put to sea for what it is, or for how it
// was named. What says what is wrong, Want what would be right.
type SourceError struct{ What, Want string }

// Error implements error.
func (e *SourceError) Error() string { return e.What + " (want " + e.Want + ")" }

// Build makes a program that can be put to sea, or finds it made: with the same
// sources the go command needs a second. What it makes is kept below the folder
// cache, the latest 8 programs. Errors that the sources are to blame for are a
// [*SourceError] or say what the go command said, and so are those of a Go release that
// the hooks were not written for; one whose library is another all the same is an
// [*overlay.MismatchError].
func Build(ctx context.Context, s Source, cache string) (*Binary, error) {
	if s.File != "" {
		if s.Module != "" || s.Package != "" {
			return nil, &SourceError{fmt.Sprintf("program %s is given together with what to build", s.File), "one of the two"}
		}
		return Open(s.File)
	}
	if err := Supported(); err != nil {
		return nil, err
	}
	b := builder{Source: s, cache: filepath.Join(cache, "program")}
	if b.Package == "" {
		b.Package = "."
	}
	return b.build(ctx)
}

// Supported says why this machine cannot run programs in virtual time; nil: it can.
func Supported() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return &SourceError{fmt.Sprintf("a program in virtual time on %s/%s", runtime.GOOS, runtime.GOARCH), "linux/amd64, for instance in a container; functions run everywhere"}
	}
	return nil
}

// Open checks a file that Build made, here or elsewhere.
func Open(file string) (*Binary, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	const how = "one that seatrial build made"
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("finding program %s: %w", file, err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening a program: %w", err)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, &SourceError{fmt.Sprintf("%s is no program as the Go linker writes it", file), how}
	}
	var tags []string
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "-tags":
			tags = strings.Split(setting.Value, ",")
		case setting.Key == "CGO_ENABLED" && setting.Value == "1":
			return nil, &SourceError{fmt.Sprintf("%s is built with cgo, which starts threads of its own", file), how}
		}
	}
	switch {
	case slices.Contains(tags, protocolTag):
		return &Binary{Path: path, Package: info.Path, Go: info.GoVersion}, nil
	case slices.ContainsFunc(tags, func(tag string) bool { return strings.HasPrefix(tag, "seatrial_program_") }):
		return nil, &SourceError{fmt.Sprintf("%s was built by another version of seatrial", file), "one built by this version: seatrial build"}
	}
	return nil, &SourceError{fmt.Sprintf("%s is a program for the machine's own clock", file), how}
}

// CacheDir is the folder in which seatrial keeps what it builds, unless told
// otherwise: below that of the user's caches.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a folder for the cache: %w", err)
	}
	return filepath.Join(dir, "seatrial"), nil
}

type builder struct {
	Source
	cache string
	dir   string // where the go command runs
}

func (b *builder) build(ctx context.Context) (*Binary, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("building a program takes the go command (%w); a program built elsewhere is named as a file", err)
	}
	if err := b.find(ctx); err != nil {
		return nil, err
	}
	main, err := b.mainPackage(ctx)
	if err != nil {
		return nil, err
	}
	flags, err := b.flags(ctx, main)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(b.cache, "built"), 0o755); err != nil {
		return nil, fmt.Errorf("building a program: %w", err)
	}
	fresh, err := os.CreateTemp(filepath.Join(b.cache, "built"), ".building-")
	if err != nil {
		return nil, fmt.Errorf("building a program: %w", err)
	}
	fresh.Close()
	defer os.Remove(fresh.Name())
	args := append([]string{"build", "-o", fresh.Name(), "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}, flags...)
	if _, err := b.goCommand(ctx, append(args, b.Package)...); err != nil {
		return nil, b.explain(ctx, err)
	}
	return b.keep(fresh.Name())
}

// find sets the folder, that of a module from the proxy if there is a version.
func (b *builder) find(ctx context.Context) error {
	path, version, ofProxy := strings.Cut(b.Module, "@")
	if !ofProxy {
		b.dir = b.Module
		if b.dir == "" {
			b.dir = "."
		}
		if info, err := os.Stat(b.dir); err != nil || !info.IsDir() {
			return &SourceError{fmt.Sprintf("module %q is no folder", b.Module), wantModule}
		}
		return nil
	}
	if path == "" || version == "" {
		return &SourceError{fmt.Sprintf("module %q", b.Module), "MODULE@VERSION, such as example.com/operator@v1.2.3"}
	}
	var err error
	b.dir, err = ModuleFolder(ctx, b.Module)
	return err
}

// ModuleFolder is where the go command keeps a module of the module proxy,
// MODULE@VERSION, which it fetches if need be.
func ModuleFolder(ctx context.Context, module string) (string, error) {
	anywhere := &builder{dir: os.TempDir()} // the module is named in full
	out, err := anywhere.goCommand(ctx, "mod", "download", "-json", module)
	var fetched struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &fetched); jsonErr == nil && fetched.Error != "" {
		return "", fmt.Errorf("fetching module %s: %s", module, fetched.Error)
	}
	if err != nil {
		return "", fmt.Errorf("fetching module %s: %w", module, err)
	}
	return fetched.Dir, nil
}

const wantModule = "the folder of a go.mod; the path of a module in the checkout that the file or the working directory is in; or MODULE@VERSION of the module proxy"

// mainPackage is what the go command knows of the package, which must be a main.
func (b *builder) mainPackage(ctx context.Context) (mainPackage, error) {
	var p mainPackage
	out, err := b.goCommand(ctx, "list", "-json=Name,ImportPath,Module", b.Package)
	if err != nil {
		return p, b.explain(ctx, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	if err := decoder.Decode(&p); err != nil {
		return p, fmt.Errorf("reading what go list says of %s: %w", b.Package, err)
	}
	switch {
	case decoder.More():
		return p, &SourceError{fmt.Sprintf("%s is more than one package", b.Package), "the package of one main, such as ./cmd/manager"}
	case p.Name != "main":
		return p, &SourceError{fmt.Sprintf("%s is package %s, no program", p.ImportPath, p.Name), "the package of a main, such as ./cmd/manager"}
	}
	return p, nil
}

type mainPackage struct {
	Name, ImportPath string
	Module           struct{ Path, GoVersion string }
}

// flags lay the hooks over the library of the toolchain that will be used, which the
// module's go.mod may choose.
func (b *builder) flags(ctx context.Context, main mainPackage) ([]string, error) {
	out, err := b.goCommand(ctx, "env", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, err
	}
	about := strings.Fields(string(out))
	if len(about) < 2 {
		return nil, fmt.Errorf("asking the go command for its GOROOT: it said %q", out)
	}
	if err := checkRelease(about[1]); err != nil {
		return nil, err
	}
	o, err := libraryOverlay()
	if err != nil {
		return nil, err
	}
	file, err := o.Write(about[0], filepath.Join(b.cache, "overlay", about[1]))
	if err != nil {
		return nil, fmt.Errorf("building with %s: %w", about[1], err)
	}
	flags := []string{"-overlay=" + file, "-tags=" + protocolTag + ",grpcnotrace,timetzdata"}
	return append(flags, overlay.Preempted(main.Module.Path+"/...")...), nil
}

// release is the one whose standard library the hooks were written for. Where a text
// that they change is missing, the build is refused by that; but one where all are there
// may differ in what lies between them, and a program would run and not be exact.
const release = "go1.26"

// checkRelease refuses toolchains of other minor versions.
func checkRelease(toolchain string) error {
	if version.Lang(toolchain) == release {
		return nil
	}
	return &SourceError{
		fmt.Sprintf("the program would be built with %s, and what is changed in the standard library for virtual time is that of %s", toolchain, release),
		fmt.Sprintf("a toolchain of %s: GOTOOLCHAIN=%s.0 or later, and a go line in go.mod that allows it", release, release),
	}
}

// goCommand runs the go command for where the program will run. The error has what
// it printed.
func (b *builder) goCommand(ctx context.Context, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stdout, c.Stderr = b.dir, &stdout, &stderr
	c.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
	if err := c.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("go %s in %s: %w\n%s", args[0], b.dir, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// explain adds to a failed build the packages that need cgo: without it, the
// compiler only misses what is in them.
func (b *builder) explain(ctx context.Context, failed error) error {
	const cgoFiles = `{{if not .Standard}}{{if .CgoFiles}}{{.ImportPath}}{{end}}{{end}}`
	c := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-f", cgoFiles, b.Package)
	c.Dir, c.Env = b.dir, append(os.Environ(), "CGO_ENABLED=1", "GOWORK=off")
	out, err := c.Output()
	if packages := strings.Fields(string(out)); err == nil && len(packages) > 0 {
		return fmt.Errorf("%w\n%w", failed, &SourceError{"the program needs cgo, which starts threads of its own: " + strings.Join(packages, ", "), "a build with CGO_ENABLED=0, for instance by a build tag of these packages"})
	}
	return failed
}

// kept is how many programs stay in the cache: some 50 megabytes each.
const kept = 8

// keep gives a program that was built its place, named by its content.
func (b *builder) keep(fresh string) (*Binary, error) {
	digest, err := (&Binary{Path: fresh}).Digest()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.cache, "built", digest[:24])
	if _, err := os.Stat(path); err != nil {
		if err := errors.Join(os.Chmod(fresh, 0o755), os.Rename(fresh, path)); err != nil {
			return nil, fmt.Errorf("keeping what was built: %w", err)
		}
	}
	if err := b.prune(path); err != nil {
		return nil, err
	}
	return Open(path)
}

// prune notes that a program is used and removes all but the latest.
func (b *builder) prune(used string) error {
	files, err := filepath.Glob(filepath.Join(b.cache, "built", "[0-9a-f]*"))
	if err != nil {
		return fmt.Errorf("pruning the cache: %w", err)
	}
	age := func(file string) time.Time {
		info, err := os.Stat(file)
		if err != nil || file == used {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortFunc(files, func(a, b string) int { return age(b).Compare(age(a)) })
	files = slices.DeleteFunc(files, func(file string) bool { return file == used })
	for _, file := range files[min(kept-1, len(files)):] {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("pruning the cache: %w", err)
		}
	}
	return nil
}
