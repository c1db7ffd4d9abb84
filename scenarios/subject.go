package scenarios

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/historical"
)

// Subject is a controller that can be put to sea.
type Subject struct {
	Name    string // globalingressip, or historical/ID
	Summary string // one line
	// Claims: the subject promises an IPAddress claim for every IP it
	// publishes. Submariner's controller makes none.
	Claims bool
	// Metrics: the subject has the metrics of docs/globalnet.md.
	Metrics bool
	// Headless: the subject promises a global IP for everything that is ready
	// behind an exported headless service. The re-creations do not go there.
	Headless bool
	// Run is the whole controller. It returns when ctx ends.
	Run func(ctx context.Context, cfg *rest.Config, o controller.Options) error
	// MayExit says whether it is ordinary that Run returns err by itself, as a
	// leader does that lost its lease. Nil: it never is.
	MayExit func(err error) bool
}

// DefaultSubject is the name of what ships.
const DefaultSubject = "globalingressip"

// Subjects lists everything that can be put to sea: what ships, then the
// re-creations of what went wrong before, by ID, and last the sibling of those,
// which has none of their bugs.
func Subjects() []Subject {
	subjects := []Subject{{
		Name:    DefaultSubject,
		Summary: "the GlobalIngressIP controller as it ships",
		Claims:  true, Metrics: true, Headless: true,
		Run: controller.Run,
	}}
	for _, h := range append(historical.Subjects(), historical.Sibling()) {
		subjects = append(subjects, Subject{Name: "historical/" + h.ID, Summary: h.Summary, Run: h.Run})
	}
	return subjects
}

// FindSubject returns the subject of that name, and whether there is one.
func FindSubject(name string) (Subject, bool) {
	for _, s := range Subjects() {
		if s.Name == name {
			return s, true
		}
	}
	return Subject{}, false
}
