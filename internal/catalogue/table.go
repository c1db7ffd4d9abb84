package catalogue

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/scenarios"
)

// Row is what is known about one subject.
type Row struct {
	Summary      string
	Swarm, Aimed Finding
}

// Library is scenarios of which some show a bug, and the folder of their files.
type Library struct {
	Folder string
	Plans  []scenarios.Plan
}

// Table is the rows as Markdown, between the marks that [Replace] looks for.
// version is that of the generator, which the figures hold for.
func Table(rows []Row, version string, library Library) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", begin)
	if len(rows) > 0 {
		swarm, aimed := rows[0].Swarm, rows[0].Aimed
		fmt.Fprintf(&b, "Runs to detection, median / 90th percentile of %d disjoint ranges. A range is given up after\n%d runs of the swarm, after %d aimed ones\n",
			len(swarm.Runs), swarm.Size, aimed.Size)
		fmt.Fprintf(&b, "(generator %s). A run counts only when the correct sibling passes it.\n\n", version)
	}
	b.WriteString("| subject | what goes wrong | property | swarm | aimed | shown by |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n",
			r.Swarm.Subject, r.Summary, property(r), r.Swarm, r.Aimed, strings.Join(shownBy(r.Swarm.Subject, library), ", "))
	}
	fmt.Fprintf(&b, "\n%s", end)
	return b.String()
}

func property(r Row) string {
	for _, name := range []string{r.Swarm.Property(), r.Aimed.Property()} {
		if name != "" {
			return "`" + name + "`"
		}
	}
	return "not found"
}

// shownBy links the scenarios of the library that expect the subject to fail.
func shownBy(subject string, library Library) []string {
	var links []string
	for _, plan := range library.Plans {
		if _, ok := plan.Expect[subject]; ok {
			links = append(links, fmt.Sprintf("[%s](%s/%s.yaml)", plan.Name, library.Folder, plan.Name))
		}
	}
	return links
}

// Marks around the table in a document.
const (
	begin = "<!-- made by make catalogue -->"
	end   = "<!-- end of the catalogue -->"
)

// ErrNoMarks says that a document has no place for the table.
var ErrNoMarks = errors.New("no marks " + begin + " and " + end)

// Replace puts the table into a document in place of the one it has. The error
// is [ErrNoMarks].
func Replace(document, table string) (string, error) {
	head, rest, ok := strings.Cut(document, begin)
	_, tail, found := strings.Cut(rest, end)
	if !ok || !found {
		return "", ErrNoMarks
	}
	return head + table + tail, nil
}
