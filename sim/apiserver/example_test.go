package apiserver_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// An ordinary client works against a server in the same process.
func Example() {
	host, err := loopback.New(apiserver.Config{Seed: 7, Kinds: registry.New(kinds.Options{})})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: "http://apiserver", Transport: host.Transport(0)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "chart"}, Data: map[string]string{"heading": "270"}}
	if _, err := client.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{})
	fmt.Println(err)
	host.Do(func(s *apiserver.Server) { fmt.Println("commits:", s.Revision()) })
	// Output:
	// configmaps "chart" already exists
	// commits: 5
}
