package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/target"
)

// What shells complete. It must be quick and can never fail: what cannot be read is
// no candidate.

// scenarioFiles are what a file with a plan may end with.
var scenarioFiles = []string{"yaml", "yml", "json"}

// completeFiles completes scenario files.
func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarioFiles, cobra.ShellCompDirectiveFilterFileExt
}

// completeFolders completes folders.
func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeArtifacts completes the one argument of a command that takes an artifact.
func completeArtifacts(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return candidates(args, typed, false)
}

// completeRuns completes the one argument of a command that takes an artifact or a
// scenario file.
func completeRuns(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return candidates(args, typed, true)
}

// candidates are the artifacts that begin with what was typed, the folders on the way
// to more of them and, if wanted, scenario files.
func candidates(args []string, typed string, files bool) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	dir, prefix := filepath.Split(typed)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, e := range entries {
		path := dir + e.Name()
		switch {
		case !strings.HasPrefix(e.Name(), prefix), prefix == "" && strings.HasPrefix(e.Name(), "."):
		case e.IsDir() && isArtifact(path):
			out = append(out, path)
		case e.IsDir():
			out = append(out, path+"/")
			directive |= cobra.ShellCompDirectiveNoSpace // there is more to come
		case files && slices.Contains(scenarioFiles, strings.TrimPrefix(filepath.Ext(e.Name()), ".")):
			out = append(out, path)
		}
	}
	return out, directive
}

func isArtifact(path string) bool {
	_, err := os.Stat(filepath.Join(path, "verdict.json"))
	return err == nil
}

// completeSubjects completes the subjects of this program.
func completeSubjects(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, s := range registry().Subjects() {
		if strings.HasPrefix(s.Name, typed) {
			out = append(out, cobra.CompletionWithDesc(s.Name, s.Summary))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completions are the flags whose values are known, whatever command has them.
func completions() map[string]cobra.CompletionFunc {
	var modes []string
	for _, m := range target.Modes() {
		modes = append(modes, string(m))
	}
	return map[string]cobra.CompletionFunc{
		"subject": completeSubjects, "baseline": completeSubjects, "out": completeFolders, "resume": completeFolders,
		"mode":   cobra.FixedCompletions(modes, cobra.ShellCompDirectiveNoFileComp),
		"engine": cobra.FixedCompletions([]string{exact.Wasm, exact.Fork}, cobra.ShellCompDirectiveNoFileComp),
	}
}

// completeFlags registers them with every command.
func completeFlags(root *cobra.Command) {
	for _, c := range root.Commands() {
		for name, complete := range completions() {
			if f := c.Flags().Lookup(name); f != nil && f.Value.Type() == "string" {
				if err := c.RegisterFlagCompletionFunc(name, complete); err != nil {
					panic("registering what completes --" + name + ": " + err.Error())
				}
			}
		}
	}
}
