package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/faults"
)

// FaultAnswer is what comes in the place of the server's own answer to a call that
// a rule has struck: too-many-requests, internal-error, service-unavailable,
// gateway-timeout and both time-outs have one. It panics for any other kind.
func FaultAnswer(kind faults.Kind, r *faults.Rule) (code int, header http.Header, body []byte) {
	switch kind {
	case faults.TooManyRequests:
		// API priority and fairness answers in plain text, not with a Status.
		header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Retry-After": {retryAfter(r)}}
		return http.StatusTooManyRequests, header, []byte("Too many requests, please try again later.\n")
	case faults.InternalError:
		return statusAnswer(http.StatusInternalServerError, metav1.StatusReasonInternalError,
			"Internal error occurred: etcdserver: leader changed", "")
	case faults.ServiceUnavailable:
		seconds := ""
		if r.RetryAfter > 0 {
			seconds = retryAfter(r)
		}
		return statusAnswer(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable,
			"the server is currently unable to handle the request", seconds)
	case faults.GatewayTimeout:
		return statusAnswer(http.StatusGatewayTimeout, metav1.StatusReasonTimeout,
			"Timeout: request did not complete within the allotted timeout", "")
	case faults.TimeoutApplied, faults.TimeoutDropped:
		return statusAnswer(http.StatusGatewayTimeout, metav1.StatusReasonTimeout,
			"the server was unable to return a response in the time allotted, but may still be processing the request", "")
	}
	panic(fmt.Sprintf("sim: a fault of kind %s has no answer", kind))
}

func statusAnswer(code int, reason metav1.StatusReason, message, retryAfterSeconds string) (int, http.Header, []byte) {
	status := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if retryAfterSeconds != "" {
		header.Set("Retry-After", retryAfterSeconds)
	}
	body, err := json.Marshal(status)
	if err != nil {
		panic(fmt.Sprintf("sim: a Status does not encode: %v", err))
	}
	return code, header, body
}

// retryAfter is in whole seconds, at least one, as the header wants it.
func retryAfter(r *faults.Rule) string {
	return strconv.Itoa(max(1, int(r.RetryAfter/time.Second)))
}
