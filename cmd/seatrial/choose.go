package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choose tells the arguments of a sweep apart: a package whose trial is under
// test, or scenario files, which it returns.
func (f *sweepFlags) choose(c *cobra.Command, args []string) (files []string, err error) {
	given := c.Flags().Changed
	switch {
	case !given("run") && (len(args) == 0 || slices.ContainsFunc(args, isFile)):
		return f.chooseFiles(args)
	case given("subject"):
		return nil, errors.New("a package and --subject exclude each other: --subject PACKAGE:TEST is both in one")
	case len(args) > 1:
		return nil, fmt.Errorf("%d packages: a sweep is of one trial (want one package, and -run)", len(args))
	}
	f.subject.pkg, f.subject.subject, f.subject.run = ".", "", f.run
	if len(args) > 0 {
		f.subject.pkg = args[0]
	}
	return nil, nil
}

// chooseFiles looks whether a file brings its own subject along. Then the seeds are
// those of its programs, and so are the stories of a search; with another --mode, the faults are aimed at what it says.
func (f *sweepFlags) chooseFiles(files []string) ([]string, error) {
	for _, file := range files {
		brought, err := f.subject.bringFile(file)
		switch {
		case err != nil:
			return nil, err
		case brought && len(files) > 1:
			return nil, fmt.Errorf("%s brings its own programs along: a sweep is of one subject (want this file alone)", file)
		case brought && (f.aimed.mode == "" || f.aimed.mode == searchMode):
			return nil, nil
		}
	}
	return files, nil
}

// isFile: the argument is a scenario file, or would be one if it were there.
func isFile(arg string) bool {
	for _, suffix := range []string{".yaml", ".yml", ".json"} {
		if strings.HasSuffix(arg, suffix) {
			return true
		}
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}

// goStyle lets -run be written as the go command has it.
func goStyle(args []string) []string {
	if len(args) == 0 || args[0] != "sweep" {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if arg == "-run" || strings.HasPrefix(arg, "-run=") {
			args[i] = "-" + arg
		}
	}
	return args
}
