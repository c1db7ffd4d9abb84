package globalnet

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Random stories: three services, six addresses, users who come and go, calls
// of which any may be lost or dropped. A controller that knows the law lives
// through them with all its slowness, and must never be accused. One that does
// anything at random must be accused by the log whenever clients could notice.

// dice is a splitmix64 generator: the same story for the same seed, for ever.
type dice uint64

func (d *dice) roll(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

// voyage is a story in the making.
type voyage struct {
	*story
	dice  *dice
	lossy bool
	// proven: the controller once saw, by a quorum read, that the service was
	// not exported, or was another one than the GlobalIngressIP was made for.
	proven map[string]bool
	// seen is the title for which the GlobalIngressIP of a service was made.
	seen map[string]string
}

var (
	voyageKeys      = []string{"ns/a", "ns/b", "ns/c"}
	voyageAddresses = []string{"10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"}
)

func newVoyage(seed int, lossy bool) *voyage {
	d := dice(seed)
	return &voyage{story: newStory(), dice: &d, lossy: lossy, proven: map[string]bool{}, seen: map[string]string{}}
}

func (v *voyage) fated(t teller) teller {
	if v.lossy {
		t.Delivery = []modeltest.Delivery{modeltest.Answered, modeltest.Answered, modeltest.Lost, modeltest.Dropped}[v.dice.roll(4)]
	}
	t.Protobuf = v.dice.roll(2) == 0
	return t
}

func (v *voyage) has(r modeltest.Resource, key string) bool { return v.Stored[r.Name+" "+key] != nil }

// userActs lets a user do one thing that is possible.
func (v *voyage) userActs() {
	key, u := voyageKeys[v.dice.roll(3)], v.fated(v.user())
	switch v.dice.roll(3) {
	case 0:
		if v.has(services, key) {
			u.DeleteService(key)
		} else {
			u.CreateService(key)
		}
	case 1:
		if v.has(exports, key) {
			u.unexport(key)
		} else {
			u.export(key)
		}
	case 2:
		if v.has(services, key) {
			u.EditService(key, func(s *corev1.Service) { s.Spec.Ports[0].Port++ })
		}
	}
}

func (v *voyage) ingressIP(key string) *ingressIP {
	return ingressIPOf(v.Stored["globalingressips "+key])
}

func (v *voyage) claimOf(key string) string {
	for _, ip := range voyageAddresses {
		if c := claimOf(v.Stored["ipaddresses "+ip]); c != nil && string(c.owner) == key {
			return ip
		}
	}
	return ""
}

// title of a service as a quorum read tells it.
func (v *voyage) title(key string) string {
	if !v.has(services, key) || !v.has(exports, key) {
		return ""
	}
	return string(model.Metadata(v.Stored["services "+key]).GetUID() + "/" + model.Metadata(v.Stored["serviceexports "+key]).GetUID())
}

// controllerActs takes the next step for one service, as the law has it: reads
// are quorum reads, but between reading and acting users may act, and proof
// once found is acted on at any later time.
func (v *voyage) controllerActs() {
	key := voyageKeys[v.dice.roll(3)]
	gip, title, claimed := v.ingressIP(key), v.title(key), v.claimOf(key)
	free := slices.IndexFunc(voyageAddresses, func(ip string) bool { return !v.has(claims, ip) })
	if gip != nil && (title == "" || v.seen[key] != "" && v.seen[key] != title) {
		v.proven[key] = true
	}
	for v.dice.roll(3) == 0 {
		v.userActs() // while the controller was slow
	}
	c := v.fated(v.controller())
	switch {
	case gip == nil && title != "":
		v.seen[key] = title
		c.createIngressIP(key, testFinalizer)
	case gip == nil:
	case model.Terminating(gip):
		v.release(c, key, gip, claimed)
	case v.proven[key]:
		c.deleteIngressIP(key)
	case claimed == "" && free >= 0:
		c.claim(voyageAddresses[free], key)
	case claimed == "":
	case !v.has(services, internalName(key)):
		c.route(key, claimed)
	case gip.ip == "":
		c.status(key, claimed)
	default:
		c.status(key, gip.ip)
	}
}

func (v *voyage) release(c teller, key string, gip *ingressIP, claimed string) {
	switch {
	case gip.ip != "":
		c.status(key, "")
	case v.has(services, internalName(key)):
		if len(model.Metadata(v.Stored["services "+internalName(key)]).GetFinalizers()) > 0 {
			c.EditService(internalName(key), func(s *corev1.Service) { s.Finalizers = nil })
		} else {
			c.Remove(services, internalName(key))
		}
	case claimed != "":
		c.unclaim(claimed)
	default:
		c.Finalize(gips, key)
		if !v.has(gips, key) {
			delete(v.proven, key)
			delete(v.seen, key)
		}
	}
}

// chaos is a controller without any law.
func (v *voyage) chaos() {
	key, ip := voyageKeys[v.dice.roll(3)], voyageAddresses[v.dice.roll(2)]
	c := v.fated(v.controller())
	switch gip := v.ingressIP(key); {
	case gip == nil:
		c.createIngressIP(key)
	case v.dice.roll(4) == 0 && v.has(claims, ip):
		c.unclaim(ip)
	case v.dice.roll(3) == 0 && !v.has(claims, ip):
		c.claim(ip, key)
	case v.dice.roll(8) == 0:
		c.Remove(gips, key)
	case v.dice.roll(3) == 0:
		c.status(key, "")
	default:
		c.status(key, ip)
	}
}

func statuses(h *model.History) (client, double, free model.Status) {
	return modeltest.Check(allocation(testOptions), h).Status, modeltest.Check(noDoubleAssignment(), h).Status, modeltest.Check(noFreeWhileExported(testOptions), h).Status
}

func TestNoFalseAlarm(t *testing.T) {
	published, released := 0, 0
	for seed := range 300 {
		v := newVoyage(seed, seed%3 != 0)
		for range 60 {
			if v.dice.roll(4) == 0 {
				v.userActs()
			} else {
				v.controllerActs()
			}
		}
		for _, property := range append(safetyProperties(), modeltest.ByName(t, model.Generic(), "store-linearizable")) {
			result := modeltest.Check(property, v.Done())
			require.Equal(t, model.Held, result.Status, "seed %d: %s: %s\n%s", seed, property.Name, result.Message, v.tell())
		}
		for _, c := range changesOf(&v.History) {
			if c.gipOld == nil || c.gipNew == nil {
				continue
			}
			if c.gipOld.ip == "" && c.gipNew.ip != "" {
				published++
			}
			if c.gipOld.ip != "" && c.gipNew.ip == "" {
				released++
			}
		}
	}
	assert.Greater(t, published, 150, "the stories are about something")
	assert.Greater(t, released, 50, "and not all end well")
}

// Clients know less than the log: what they can prove, the log shows; and when
// every call was answered they can prove what the log shows.
func TestClientsAndLogAgree(t *testing.T) {
	guilty := 0
	for seed := range 400 {
		lossy := seed%2 == 0
		v := newVoyage(seed, lossy)
		for range 14 {
			if v.dice.roll(3) == 0 {
				v.userActs()
			} else {
				v.chaos()
			}
		}
		client, double, free := statuses(v.Done())
		if client == model.Violated {
			guilty++
			assert.Contains(t, []model.Status{double, free}, model.Violated, "seed %d: only the clients complain\n%s", seed, v.tell())
		}
		if !lossy && (double == model.Violated || free == model.Violated) {
			assert.Equal(t, model.Violated, client, "seed %d: only the log complains\n%s", seed, v.tell())
		}
	}
	assert.Greater(t, guilty, 100, "chaos breaks the law")
}

// tell writes a story down, for whoever has to understand a failure.
func (v *voyage) tell() string {
	text := ""
	for i := range v.Calls {
		c := &v.Calls[i]
		text += fmt.Sprintln(c)
	}
	for i := range v.Commits {
		text += fmt.Sprintln(&v.Commits[i])
	}
	return text
}

// The same history gives the same verdict, to the word.
func TestJudgeIsDeterministic(t *testing.T) {
	for seed := range 40 {
		v := newVoyage(seed, true)
		for range 40 {
			v.chaos()
			v.userActs()
		}
		h := v.Done()
		first := model.Judge(h, globalnetAndGeneric())
		for range 3 {
			again := model.Judge(h, globalnetAndGeneric())
			assert.Equal(t, first.Message, again.Message)
			assert.Equal(t, first.Culprit, again.Culprit)
			assert.Equal(t, first.Property, again.Property)
		}
	}
}
