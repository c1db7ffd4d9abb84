package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	front "github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/testbinary"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// underTest is what a command puts to sea: a subject of this program, or a trial
// that a test of a Go package has, whose test binary then is the worker.
type underTest struct {
	subject string // its name in the registry of whoever runs it
	pkg     string // of a trial, as the go command takes it; empty: this program has the subject
	// mutexes: the test binary is built as seatrial test builds it.
	mutexes bool
	run     string // regexp that chooses the test of pkg, when subject does not name it
	folder  string // of the test binary, once it is built
	// exactly: the trial is run in a module of exact mode, by workers of this program.
	exactly bool
	// site is the file that brings its own subject along, named as the user did, own
	// that subject and binaries its programs; nil: there is no such file.
	site     *sweep.Site
	own      *scenarios.Subject
	binaries []*front.Binary
	named    string
}

// addFlags adds those that name it.
func (u *underTest) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&u.subject, "subject", globalingressip.Shipped, "`name` of what is under test: one that seatrial subjects lists, or PACKAGE:TEST for a trial that a test of a Go package has")
	c.Flags().BoolVar(&u.mutexes, "mutexes", false, "of a trial: build the test binary as seatrial test does, so that waiting for a mutex lets virtual time pass")
}

// check reads the flags.
func (u *underTest) check() error {
	if u.site != nil {
		if u.mutexes {
			return errors.New("--mutexes goes with trials, --subject PACKAGE:TEST: programs have mutexes of their own")
		}
		return nil
	}
	if i := strings.LastIndex(u.subject, ":"); i > 0 && u.pkg == "" {
		u.pkg, u.subject = u.subject[:i], u.subject[i+1:]
	}
	switch _, known := registry().Find(u.subject); {
	case u.pkg != "":
		return nil
	case u.mutexes:
		return fmt.Errorf("--mutexes goes with trials, --subject PACKAGE:TEST: %s is no test binary", u.subject)
	case !known:
		return fmt.Errorf("--subject %q: there is no such subject (%s); seatrial subjects lists them, and PACKAGE:TEST is a trial of yours", u.subject, meantSubject(u.subject))
	}
	return nil
}

// language is what its plans can say. Of a trial only the trial itself knows.
func (u *underTest) language() *scenarios.Language {
	if u.pkg != "" {
		return scenarios.Foreign()
	}
	if u.own != nil {
		return u.own.Language
	}
	return registry().Language(u.subject)
}

// open makes a pool of workers that have the subject. A trial is compiled first,
// and whether its test serves is found out. What it leaves is for close to remove.
func (u *underTest) open(c *cobra.Command, workers int) (sweep.Pool, error) {
	if u.pkg == "" {
		return sweep.Pool{Workers: workers}, nil
	}
	if u.exactly {
		return sweep.Pool{Workers: workers}, nil
	}
	return u.openNative(c, workers)
}

// openNative is open of a trial, in its own test binary.
func (u *underTest) openNative(c *cobra.Command, workers int) (sweep.Pool, error) {
	ctx := c.Context()
	trial, err := u.find(ctx)
	if err != nil {
		return sweep.Pool{}, err
	}
	var flags []string
	if u.mutexes {
		if flags, err = mutexFlags(c); err != nil {
			return sweep.Pool{}, err
		}
	}
	fmt.Fprintf(c.ErrOrStderr(), "seatrial: building the tests of %s\n", trial.Package)
	pool, err := trial.Build(ctx, u.folder, flags...)
	if err != nil {
		return sweep.Pool{}, err
	}
	pool.Workers = workers
	return pool, nil
}

// find finds the trial in its package, and a folder for what is built of it.
func (u *underTest) find(ctx context.Context) (testbinary.Trial, error) {
	run := u.run
	if u.subject != "" {
		run = testbinary.Pattern(u.subject)
	}
	trial, err := testbinary.Find(ctx, u.pkg, run)
	if err != nil {
		return trial, err
	}
	u.pkg, u.subject = trial.Package, trial.Test
	if u.folder == "" {
		if u.folder, err = os.MkdirTemp("", "seatrial-test-"); err != nil {
			return trial, fmt.Errorf("making a folder for a test binary: %w", err)
		}
	}
	return trial, nil
}

// module builds the trial as a module of exact mode.
func (u *underTest) module(c *cobra.Command, cache string) (file string, guest *sweep.Guest, err error) {
	ctx := c.Context()
	trial, err := u.find(ctx)
	if err != nil {
		return "", nil, err
	}
	sources, err := trial.Sources(ctx)
	if err != nil {
		return "", nil, err
	}
	flags, err := exact.Builder{Cache: cache, Kind: exact.Fork}.Flags(ctx, sources)
	if err != nil {
		return "", nil, err
	}
	fmt.Fprintf(c.ErrOrStderr(), "seatrial: building the tests of %s for exact mode; the first time that takes minutes\n", trial.Package)
	file = filepath.Join(u.folder, "exact.test")
	started, err := trial.BuildGuest(ctx, file, flags...)
	return file, &started, err
}

func (u *underTest) close() {
	if u.folder != "" {
		os.RemoveAll(u.folder)
	}
}

// job makes a job one of this subject's.
func (u *underTest) job(j sweep.Job) sweep.Job {
	j.Subject, j.Package, j.Mutexes, j.Site = u.subject, u.pkg, u.mutexes, u.site
	return j
}

// of is what a job was about.
func of(j sweep.Job) *underTest {
	u := &underTest{subject: j.Subject, pkg: j.Package, mutexes: j.Mutexes, site: j.Site}
	if j.Site != nil {
		u.named = j.Site.File
		if here, err := os.Getwd(); err == nil {
			if short, err := filepath.Rel(here, u.named); err == nil && len(short) < len(u.named) {
				u.named = short
			}
		}
	}
	return u
}

// arguments name the subject on a command line.
func (u *underTest) arguments() string {
	if u.site != nil {
		return shell.Quote(u.named)
	}
	if u.pkg == "" {
		return "--subject " + shell.Quote(u.subject)
	}
	text := "--subject " + shell.Quote(u.pkg+":"+u.subject)
	if u.mutexes {
		text += " --mutexes"
	}
	return text
}

// noPrograms refuses the programs of a file where functions go: they are processes of
// their own, whose runs are the same bit for bit in any case.
func (u *underTest) noPrograms(what string) error {
	if u.site != nil {
		return fmt.Errorf("%s is for functions: the programs of %s are the same run bit for bit without it", what, u.named)
	}
	return nil
}

// meantSubject asks whether a subject of this program was meant, or says what one is.
func meantSubject(name string) string {
	var names []string
	for _, s := range registry().Subjects() {
		names = append(names, s.Name)
		if _, last, below := strings.Cut(s.Name, "/"); below && last == name {
			return "did you mean " + s.Name + "?"
		}
	}
	return yamlread.DidYouMean(name, names, "want a name such as "+globalingressip.Shipped)
}
