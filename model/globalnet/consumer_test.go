package globalnet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// A consumer watches GlobalIngressIPs from the very beginning and sees every
// commit as soon as the story has told it.

func TestConsumers(t *testing.T) {
	for _, c := range []struct {
		name, explanation string
		tell              func(*story)
		broken            string
	}{
		{"served and retired", "the user asked for it", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unexport("ns/a")
			s.controller().retire("ns/a", first)
			s.controller().serve("ns/b", first)
		}, ""},
		{"two owners", "seen in one and the same watch", func(s *story) {
			s.controller().createIngressIP("ns/a")
			s.controller().status("ns/a", first)
			s.controller().createIngressIP("ns/b")
			s.controller().status("ns/b", first)
		}, "consumer-one-owner"},
		{"changed", "nobody asked for it", func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().status("ns/a", second)
		}, "consumer-sticky-ip"},
		{"vanished", "nobody asked for it", func(s *story) {
			s.controller().createIngressIP("ns/a")
			s.controller().status("ns/a", first)
			s.controller().Remove(gips, "ns/a")
		}, "consumer-sticky-ip"},
		{"changed with the port", "a port change is no reason to change the IP", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Ports[0].Port = 81 })
			s.controller().status("ns/a", second)
		}, "consumer-sticky-ip"},
		{"type changed", "no longer entitled", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().EditService("ns/a", func(service *corev1.Service) { service.Spec.Type = corev1.ServiceTypeExternalName })
			s.controller().status("ns/a", "")
		}, ""},
		{"unknown deletion", "it may have happened", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().lost().DeleteService("ns/a")
			s.controller().status("ns/a", "")
		}, ""},
		{"given away by a user", "a user wrote the IP into a second status", func(s *story) {
			s.controller().serve("ns/a", first)
			s.controller().createIngressIP("ns/b")
			s.user().status("ns/b", first)
		}, ""},
		{"claim taken away", "a user did it", func(s *story) {
			s.controller().serve("ns/a", first)
			s.user().unclaim(first)
			s.controller().status("ns/a", second)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := exported("ns/a", "ns/b")
			c.tell(s)
			s.user().Watch(gips, "resourceVersion=1", 1, nil)
			for i := range s.Watches[0].Frames {
				f := &s.Watches[0].Frames[i]
				for _, commit := range s.Commits {
					if commit.Revision == f.Revision {
						f.Seq = commit.Seq + 1
					}
				}
			}
			for _, property := range Consumers(testOptions) {
				result := modeltest.Check(property, s.Done())
				assert.Equal(t, property.Name == c.broken, result.Status == model.Violated, "%s: %s: %s", property.Name, c.explanation, result.Message)
				assert.NotEqual(t, model.Undecided, result.Status, result.Message)
			}
		})
	}
}

// What a consumer was shown must be on record.
func TestConsumersNotRecorded(t *testing.T) {
	s := exported("ns/a")
	s.controller().serve("ns/a", first)
	w := s.user().Watch(gips, "resourceVersion=1", 1, nil)
	require.NotEmpty(t, w.Frames)
	w.Frames[0].Data = nil
	for _, property := range Consumers(testOptions) {
		assert.Equal(t, model.Undecided, modeltest.Check(property, s.Done()).Status)
	}
	s.Watches = nil
	for _, property := range Consumers(testOptions) {
		assert.Equal(t, model.Undecided, modeltest.Check(property, s.Done()).Status)
	}
}
