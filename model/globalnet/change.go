package globalnet

import (
	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// change is a commit with its objects read as what they are. Of each pair at
// most one kind is set; both sides are nil for objects that do not matter here.
type change struct {
	*model.Commit
	gipOld, gipNew         *ingressIP
	serviceOld, serviceNew *corev1.Service
	claimOld, claimNew     *claim
	exportOld, exportNew   metav1.Object
	podNew                 *corev1.Pod
	//lint:ignore SA1019 Submariner works on Endpoints, not on slices
	endpointsNew    *corev1.Endpoints
	ready, notReady []string // its addresses
}

// readCommit turns a commit into a change; ok is false for kinds that have nothing
// to do with global IPs.
func readCommit(commit *model.Commit) (c change, ok bool) {
	c.Commit = commit
	switch {
	case commit.Group == ingressIPGroup && commit.Resource == ingressIPResource:
		c.gipOld, c.gipNew = ingressIPOf(commit.Old), ingressIPOf(commit.New)
	case commit.Group == "" && commit.Resource == serviceResource:
		c.serviceOld, c.serviceNew = serviceOf(commit.Old), serviceOf(commit.New)
	case commit.Group == claimGroup && commit.Resource == claimResource:
		c.claimOld, c.claimNew = claimOf(commit.Old), claimOf(commit.New)
	case commit.Group == exportGroup && commit.Resource == exportResource:
		c.exportOld, c.exportNew = model.Metadata(commit.Old), model.Metadata(commit.New)
	case commit.Group == "" && commit.Resource == podResource:
		c.podNew, _ = commit.New.(*corev1.Pod)
	case commit.Group == "" && commit.Resource == endpointsResource:
		//lint:ignore SA1019 as above
		c.endpointsNew, _ = commit.New.(*corev1.Endpoints)
		c.ready, c.notReady = addressesOf(commit.New)
	default:
		return c, false
	}
	return c, true
}

// changes are the commits that concern global IPs, in order.
type changes []change

func changesOf(h *model.History) changes {
	return *model.Derive(h, func(h *model.History) *changes {
		read := make(changes, 0, len(h.Commits))
		for i := range h.Commits {
			if c, ok := readCommit(&h.Commits[i]); ok {
				read = append(read, c)
			}
		}
		return &read
	})
}

// endOf is the cluster as the last commit left it.
func endOf(h *model.History) *cluster {
	return model.Derive(h, func(h *model.History) *cluster {
		end := newCluster()
		for _, c := range changesOf(h) {
			end.apply(c)
		}
		return end
	})
}
