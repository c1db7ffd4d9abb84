package scenarios

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/sim/program"
)

// Where a program comes from is named in two ways. A file that somebody writes names a
// folder, relative to itself. A plan of a run goes elsewhere, into a folder of failures
// and from there to another machine, where that folder is not: it names the module by
// its path, which is looked for in the checkout around the plan and around the working
// directory, and a file that was built by its name, which is looked for above the two.

// placeModule makes the module that a file names one that can be built.
func (p *SiteProcess) placeModule(folder string) {
	named := p.Source.Module
	if p.portable = named; strings.Contains(named, "@") {
		return
	}
	dir := absolute(folder, named)
	if info, err := os.Stat(dir); (err != nil || !info.IsDir()) && !filepath.IsAbs(named) {
		if found := program.FindModule(named, near(folder)...); found != "" {
			p.Source.Module = found
			return
		}
		if !strings.HasPrefix(named, ".") {
			return // as it is, for the build to name what was looked for
		}
	}
	p.Source.Module = dir
	if p.portable = program.ModuleIn(dir); p.portable == "" {
		p.portable = dir // no build will do
	}
}

// placeFile makes the file that a file names one that can be opened.
func (p *SiteProcess) placeFile(folder string) {
	if p.Source.File == "" {
		return
	}
	named := filepath.Clean(p.Source.File)
	if p.portable = named; filepath.IsAbs(named) {
		return
	}
	for strings.HasPrefix(p.portable, ".."+string(filepath.Separator)) {
		p.portable = p.portable[3:]
	}
	p.Source.File = absolute(folder, named)
	if _, err := os.Stat(p.Source.File); err != nil {
		if found := program.FindFile(p.portable, near(folder)...); found != "" {
			p.Source.File = found
		}
	}
}

// near is where what a file names is looked for: around the file, and around the
// working directory.
func near(folder string) []string { return []string{absolute(folder, "."), absolute("", ".")} }

// absolute is a name that is relative to a folder, and the name itself if the working
// directory is gone.
func absolute(folder, name string) string {
	if !filepath.IsAbs(name) {
		name = filepath.Join(folder, name)
	}
	if full, err := filepath.Abs(name); err == nil {
		return full
	}
	return name
}
