"""The jobs of the deployment on Spark: what a Glue script calls. They need no library of Glue's."""
