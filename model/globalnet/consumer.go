package globalnet

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/model"
	"k8s.io/apimachinery/pkg/watch"
)

// Consumers lists what those who use global IPs may rely on, as they
// see it: through the frames of their own watches of GlobalIngressIPs
// (History.Watches of user processes), and nothing else of the server. They
// hold if nobody watches, and are undecided if frames came without their data.
func Consumers(o Options) []model.Property {
	source := "docs/globalingressip/design.md §1: connections that used the first IP broke; the freed IP could go to somebody else"
	return []model.Property{
		{
			Name:     "consumer-one-owner",
			Sentence: "Whoever watches GlobalIngressIPs never sees two of them with one IP.",
			Source:   source,
			Class:    model.ClassSafety,
			Check:    consumers(func(v *view, f *model.Frame, seen *body) string { return v.secondOwner(f, seen) }),
		},
		{
			Name:     "consumer-sticky-ip",
			Sentence: "Whoever watches GlobalIngressIPs never sees an IP change or vanish as long as nobody asked for the removal of its service, export or GlobalIngressIP.",
			Source:   source,
			Class:    model.ClassSafety,
			Check:    consumers(func(v *view, f *model.Frame, seen *body) string { return v.lostIP(f, seen, &o) }),
		},
	}
}

// view is what one watch has told its consumer so far.
type view struct {
	history *model.History
	ips     map[owner]string // as shown
	holder  map[string]owner // by IP
	since   map[owner]uint64 // Seq of the frame that showed the present IP
}

// consumers replays each watch of a user on GlobalIngressIPs; judge says what
// is wrong with a frame, given the view before it.
func consumers(judge func(*view, *model.Frame, *body) string) func(*model.History) model.Result {
	return func(h *model.History) model.Result {
		result := model.Holds()
		if h.Watches == nil && slices.ContainsFunc(h.Calls, consumes) {
			return model.Undecide("the frames of watches were not recorded")
		}
		for i := range h.Watches {
			w := &h.Watches[i]
			call := h.Call(w.CallID)
			if call == nil || !consumes(*call) {
				continue
			}
			found := replay(h, w, call, judge)
			if found.Status != model.Held && (result.Status != model.Violated || found.Status == model.Violated && found.Culprit.Before(result.Culprit)) {
				result = found
			}
		}
		return result
	}
}

// consumes tells whether a call is a user's watch of GlobalIngressIPs.
func consumes(c model.Call) bool {
	return c.User && c.Verb == "watch" && c.Group == ingressIPGroup && c.Resource == ingressIPResource
}

func replay(h *model.History, w *model.Watch, call *model.Call, judge func(*view, *model.Frame, *body) string) model.Result {
	v := &view{history: h, ips: map[owner]string{}, holder: map[string]owner{}, since: map[owner]uint64{}}
	for i := range w.Frames {
		f := &w.Frames[i]
		if f.Type == string(watch.Bookmark) || f.Type == string(watch.Error) {
			continue
		}
		var event struct {
			Object body `json:"object"`
		}
		if err := json.Unmarshal(f.Data, &event); err != nil {
			return model.Undecide(fmt.Sprintf("the data of frame %d of watch %d cannot be read: %v", f.Seq, w.CallID, err))
		}
		if f.Type == string(watch.Deleted) {
			event.Object.Status.AllocatedIP = ""
		}
		if wrong := judge(v, f, &event.Object); wrong != "" {
			message := fmt.Sprintf("%s-%d saw that %s", call.Process, call.Incarnation, wrong)
			return model.Breach(message, model.Culprit{Seq: f.Seq, At: f.At, CallID: call.ID, Revision: f.Revision, Text: message})
		}
		v.show(f, event.Object.Status.AllocatedIP)
	}
	return model.Holds()
}

func (v *view) show(f *model.Frame, ip string) {
	who := ownerOf(f.Namespace, f.Name)
	before := v.ips[who]
	if before == ip {
		return
	}
	if v.holder[before] == who {
		delete(v.holder, before)
	}
	v.ips[who], v.since[who] = ip, f.Seq
	if ip != "" {
		v.holder[ip] = who
	}
}

func (v *view) secondOwner(f *model.Frame, seen *body) string {
	who, ip := ownerOf(f.Namespace, f.Name), seen.Status.AllocatedIP
	other, taken := v.holder[ip]
	if ip != "" && taken && other != who && !meddled(v.history, ip, f.Seq) {
		return fmt.Sprintf("%s and %s both have %s", other, who, ip)
	}
	return ""
}

func (v *view) lostIP(f *model.Frame, seen *body, o *Options) string {
	who, ip := ownerOf(f.Namespace, f.Name), seen.Status.AllocatedIP
	before := v.ips[who]
	if before == "" || before == ip || o.moved(before, ip) || !undisturbed(v.history, who, v.since[who], f.Seq) {
		return ""
	}
	if ip == "" {
		return fmt.Sprintf("%s lost %s, though nobody asked for that", who, before)
	}
	return fmt.Sprintf("%s went from %s to %s, though nobody asked for that", who, before, ip)
}

// meddled tells whether a user gave or took the IP before an event, through a
// status, a claim or an internal Service: then what consumers are shown is not
// the subject's doing alone.
func meddled(h *model.History, ip string, before uint64) bool {
	for _, c := range changesOf(h) {
		if c.Seq >= before {
			break
		}
		was, is := c.holds()
		added := without(is, was)
		if c.User && slices.ContainsFunc(append(added, without(was, is)...), func(held hold) bool { return held.ip == ip }) {
			return true
		}
	}
	return false
}

// undisturbed tells whether a service was exported before the frame that
// showed its IP, and no user had touched what entitles it by the time of the
// later frame. It goes by calls alone, so it is cautious: a deletion excuses
// the change even if it failed, and so does any edit of a claim or of the
// GlobalIngressIP. Editing the service excuses it only if the service may no
// longer be exported: ports and selectors change nothing.
func undisturbed(h *model.History, who owner, shown, changed uint64) bool {
	service, export := false, false
	for i := range h.Calls {
		call := &h.Calls[i]
		if call.CallSeq >= changed {
			break
		}
		if call.User && disturbs(call, who) {
			return false
		}
		if call.Verb != "create" || call.Outcome != model.OK || call.ReturnSeq >= shown || ownerOf(call.Namespace, call.Name) != who {
			continue
		}
		service = service || call.Group == "" && call.Resource == serviceResource
		export = export || call.Group == exportGroup && call.Resource == exportResource
	}
	return service && export
}

// disturbs tells whether a user's call may entitle the subject to take an IP back.
func disturbs(c *model.Call, who owner) bool {
	if !c.Writes() {
		return false
	}
	concerns := ownerOf(c.Namespace, c.Name) == who
	switch {
	case c.Verb == "deletecollection" || c.Group == "" && c.Resource == namespaceResource && c.Verb == "delete":
		return true
	case c.Group == claimGroup && c.Resource == claimResource:
		return true
	case c.Group == ingressIPGroup && c.Resource == ingressIPResource:
		return concerns
	case c.Group == exportGroup && c.Resource == exportResource:
		return concerns && c.Verb != "create"
	case c.Group == "" && c.Resource == serviceResource && concerns && c.Verb != "create":
		object, err := bodyOf(c)
		return c.Verb == "delete" || c.Verb == "patch" && c.Unknown() || err != nil || c.Outcome == model.OK && !object.exportable()
	}
	return false
}
