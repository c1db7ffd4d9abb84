package sweep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/seatrial/seatrial/sim"
)

// DecodeEvents reads a trace, a JSON object per line. The name is for messages.
func DecodeEvents(name string, data []byte) ([]sim.Event, error) {
	var events []sim.Event
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e sim.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s:%d: not an event: %w", name, len(events)+1, err)
		}
		events = append(events, e)
	}
	return events, lines.Err()
}
