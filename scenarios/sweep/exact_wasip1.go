package sweep

// doExact is for hosts: inside a module there is no other one to run.
func doExact(job Job) Outcome {
	return Outcome{Job: job, Error: "exact mode does not nest"}
}
