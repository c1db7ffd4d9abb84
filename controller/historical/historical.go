// Package historical lists controllers that break the law in the ways
// Submariner's really did. Each is the re-creation of its design (package
// upstream) with one bug of the catalogue, so that whoever judges controllers
// can be shown to find it.
package historical

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	b1415 "github.com/seatrial/seatrial/controller/historical/1415"
	b1457 "github.com/seatrial/seatrial/controller/historical/1457"
	b1734 "github.com/seatrial/seatrial/controller/historical/1734"
	b1738 "github.com/seatrial/seatrial/controller/historical/1738"
	b2388 "github.com/seatrial/seatrial/controller/historical/2388"
	b2463 "github.com/seatrial/seatrial/controller/historical/2463"
	b2743 "github.com/seatrial/seatrial/controller/historical/2743"
	b3336 "github.com/seatrial/seatrial/controller/historical/3336"
	b3337 "github.com/seatrial/seatrial/controller/historical/3337"
	b4104 "github.com/seatrial/seatrial/controller/historical/4104"
	b4122 "github.com/seatrial/seatrial/controller/historical/4122"
	crashbeforestatus "github.com/seatrial/seatrial/controller/historical/crash-before-status"
	createreaderror "github.com/seatrial/seatrial/controller/historical/create-read-error"
	deletedown "github.com/seatrial/seatrial/controller/historical/delete-down"
	relistrecreate "github.com/seatrial/seatrial/controller/historical/relist-recreate"
	splitbrain "github.com/seatrial/seatrial/controller/historical/split-brain"
	statuswritelost "github.com/seatrial/seatrial/controller/historical/status-write-lost"
	timetravel "github.com/seatrial/seatrial/controller/historical/time-travel"
	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Subject is one historical controller. Run has the form of controller.Run and
// returns nil when ctx ends.
type Subject struct {
	// ID is the number of Submariner's issue, or a name where there was none.
	ID string
	// Summary says in one line what goes wrong, and when.
	Summary string
	Run     func(ctx context.Context, cfg *rest.Config, o controller.Options) error
}

// Subjects returns the controllers with a bug, sorted by ID. The slice is the
// caller's own.
func Subjects() []Subject {
	return []Subject{
		{"1415", "an address that cannot be reserved, as after a change of the CIDR, blocks the start for ever", upstream.Run(b1415.Steps())},
		{"1457", "an export or Service deleted while the controller is down leaks its GlobalIngressIP and its address", upstream.Run(b1457.Steps())},
		{"1734", "a Service that is deleted and created again under a kept export never gets an address", upstream.Run(b1734.Steps())},
		{"1738", "a change of ports never reaches the internal Service", upstream.Run(b1738.Steps())},
		{"2388", "creating and deleting in quick succession leaks the address and its internal Service", upstream.Run(b2388.Steps())},
		{"2463", "conditions grow without end", upstream.Run(b2463.Steps())},
		{"2743", "two active controllers during a failover assign inconsistently", upstream.Run(b2743.Steps())},
		{"3336", "one failed look-up of an internal Service at start frees the global IP", upstream.Run(b3336.Steps())},
		{"3337", "one transient API error at start ends the process", upstream.Run(b3337.Steps())},
		{"4104", "a headless Service in one namespace deletes the GlobalIngressIPs of its namesakes in others", upstream.Run(b4104.Steps())},
		{"4122", "a stale cache makes a GlobalIngressIP look as if it had no address, and it gets a second one", upstream.Run(b4122.Steps())},
		{"crash-before-status", "an address in use but not yet published when the controller crashed is given to another", upstream.Run(crashbeforestatus.Steps())},
		{"create-read-error", "one failed read of an exported Service, and it never gets an address", upstream.Run(createreaderror.Steps())},
		{"delete-down", "a GlobalIngressIP deleted while the controller is down leaves its internal Service, and its address is given out again", upstream.Run(deletedown.Steps())},
		{"relist-recreate", "a GlobalIngressIP deleted and created again across a watch expiry is taken for an update, and never gets an address", upstream.Run(relistrecreate.Steps())},
		{"split-brain", "an old leader finishes its work after the new one has assigned the same address", upstream.Run(splitbrain.Steps())},
		{"status-write-lost", "a failed write of the status costs a second address, and the first leaks", upstream.Run(statuswritelost.Steps())},
		{"time-travel", "after reconnecting to an API server whose cache is older, an address just assigned is assigned again", upstream.Run(timetravel.Steps())},
	}
}

// Sibling returns the design without any of the bugs: what finds fault with it
// finds fault with the design, or is itself at fault.
func Sibling() Subject {
	return Subject{"sibling", "upstream's design without its bugs", upstream.Run(upstream.Sibling())}
}
