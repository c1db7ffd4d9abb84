package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/sim/program"
)

// ModuleFiles reads files of a Go module that the test's own module requires, as
// [Files] does: definitions as they were published with the code that is tested.
// Patterns are relative to the module's folder in the module cache, which `go list`
// names.
func ModuleFiles(module string, patterns ...string) Manifests {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		return Manifests{err: fmt.Errorf("manifests of module %s: go list does not find it (want a module that go.mod requires, downloaded): %w", module, errors.Join(err, outputOf(err)))}
	}
	placed := make([]string, len(patterns))
	for i := range patterns {
		placed[i] = filepath.Join(dir, patterns[i])
	}
	return Files(placed...)
}

// publishedFiles reads files of a module of the module proxy, named
// MODULE@VERSION/PATTERN, as [Files] does: the definitions that a program was published
// with, for a scenario file that runs it by the same name.
func publishedFiles(name string) Manifests {
	module, pattern := splitPublished(name)
	dir, err := program.ModuleFolder(context.Background(), module)
	if err != nil {
		return Manifests{err: fmt.Errorf("manifests %s: %w", name, err)}
	}
	return Files(filepath.Join(dir, pattern))
}

// splitPublished takes MODULE@VERSION/PATTERN apart. Other names have no module.
func splitPublished(name string) (module, pattern string) {
	path, rest, ofProxy := strings.Cut(name, "@")
	version, pattern, _ := strings.Cut(rest, "/")
	if !ofProxy || !strings.Contains(path, "/") || !strings.HasPrefix(version, "v") || pattern == "" {
		return "", name
	}
	return path + "@" + version, pattern
}

// outputOf is what a command wrote that failed.
func outputOf(err error) error {
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return errors.New(strings.TrimSpace(string(failed.Stderr)))
	}
	return nil
}
