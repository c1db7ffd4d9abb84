package globalingressip

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/sim"
)

// rewatch is the pause of a consumer whose watch has ended.
const rewatch = time.Second

// consume watches GlobalIngressIPs until it is stopped, as a remote cluster's
// agent does that routes to the addresses it is told. Each watch begins with
// what the API server at hand knows, so that what one watch shows is a past of
// the cluster without gaps. It judges nothing: the frames are in the history.
func consume(ctx context.Context, env sim.Env) error {
	client, err := dynamic.NewForConfig(env.REST)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	r, _, _ := Language().Catalog.Resource("globalingressips")
	for ctx.Err() == nil {
		stream, err := client.Resource(r.GroupVersionResource).Watch(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err == nil {
			follow(ctx, stream)
		}
		sim.Pause(ctx, rewatch)
	}
	return nil
}

// follow reads a watch to its end.
func follow(ctx context.Context, stream watch.Interface) {
	defer stream.Stop()
	for {
		select {
		case _, open := <-stream.ResultChan():
			if !open {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
