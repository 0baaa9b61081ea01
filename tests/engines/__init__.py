"""What every engine must do: one suite, run with only DBT_TARGET changed."""
