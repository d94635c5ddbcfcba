"""What pages show, gathered: pictures of circuits, reports, the microscope, coverage."""
