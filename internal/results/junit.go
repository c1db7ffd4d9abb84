package results

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// The elements of JUnit XML that CI systems read.
type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     seconds    `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    seconds  `xml:"time,attr"`
		Failure *problem `xml:"failure"`
		Error   *problem `xml:"error"`
		Skipped *problem `xml:"skipped"`
		Output  string   `xml:"system-out,omitempty"`
	}
	problem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	// seconds of virtual time: how long a run took on some machine says nothing of it.
	seconds float64
)

// MarshalXMLAttr implements [xml.MarshalerAttr]: milliseconds are enough.
func (s seconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: strconv.FormatFloat(float64(s), 'f', 3, 64)}, nil
}

// WriteJUnit writes the summary as JUnit XML: a suite for each subject, a test
// case for each run that did not pass, and one for all that did, because a
// hundred thousand of them would tell nobody anything. A violated property is a
// failure; a crash, an inconclusive run and runs that are missing are errors; a
// failure that is known is a case that was skipped. Failures that most likely are
// one bug follow one another and have its signature for their class. Times are
// virtual.
func (s *Summary) WriteJUnit(w io.Writer) error {
	var all suites
	for _, t := range s.Subjects {
		one := suite{Name: t.Subject, Time: seconds(t.VirtualSeconds)}
		passed := t.Verdicts[model.VerdictPass]
		if passed > 0 {
			one.Cases = append(one.Cases, testcase{Class: t.Subject, Name: scenarios.Count(passed, "run") + " passed", Time: one.Time})
		}
		for _, list := range [][]Failure{s.Failures, s.Known} {
			for _, f := range grouped(list) {
				if f.Subject == t.Subject {
					one.add(f)
				}
			}
		}
		if passed > 0 {
			for _, c := range one.Cases[1:] {
				one.Cases[0].Time = max(0, one.Cases[0].Time-c.Time)
			}
		}
		for _, f := range s.Void {
			if f.Subject == t.Subject {
				one.addVoid(f)
			}
		}
		one.Tests = len(one.Cases)
		all.Suites = append(all.Suites, one)
	}
	if s.incomplete() || len(s.Diverged) > 0 {
		missing := suite{Name: "sweep", Tests: 1, Errors: 1}
		text := fmt.Sprintf("missing: %s; not ended: %s; diverged: %s", scenarios.Count(s.Missing, "run"), scenarios.Count(s.Unfinished, "aimed sweep"), scenarios.Count(len(s.Diverged), "run"))
		missing.Cases = []testcase{{Class: "sweep", Name: "complete", Error: &problem{Type: "incomplete", Message: text}}}
		all.Suites = append(all.Suites, missing)
	}
	for _, one := range all.Suites {
		all.Tests, all.Failures, all.Errors = all.Tests+one.Tests, all.Failures+one.Failures, all.Errors+one.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *suite) add(f Failure) {
	p := &problem{Type: f.Property, Message: f.Message, Text: fmt.Sprintf("%s, reproduced %s, hash %s\n%s\n", f.Verdict, f.Reproduced, f.Hash, f.Replay)}
	if f.Illegal {
		p.Text += "The plan has faults that Kubernetes does not permit.\n"
	}
	c := testcase{Class: cmp.Or(f.Signature, f.Subject), Name: fmt.Sprintf("%s seed %d", f.Scenario, f.Seed), Time: seconds(f.VirtualSeconds)}
	switch {
	case f.Known != "":
		p.Message = f.Known
		s.Skipped++
		c.Skipped = p
	case f.Verdict == model.VerdictSafety || f.Verdict == model.VerdictLiveness:
		s.Failures++
		c.Failure = p
	default:
		s.Errors++
		c.Error = p
	}
	s.Cases = append(s.Cases, c)
}

// addVoid adds a run of a strict sweep with steps or faults that had no effect.
func (s *suite) addVoid(f Failure) {
	s.Failures++
	s.Cases = append(s.Cases, testcase{
		Class: f.Subject, Name: fmt.Sprintf("%s seed %d strict", f.Scenario, f.Seed),
		Failure: &problem{Type: "strict", Message: "without an effect: " + strings.Join(append(f.Idle, f.Unfired...), ", ")},
	})
}

// grouped are the failures in the order of their groups.
func grouped(failures []Failure) []Failure {
	var out []Failure
	for _, g := range GroupsOf(failures) {
		out = append(out, g.Of(failures)...)
	}
	return out
}
