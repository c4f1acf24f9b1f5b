"""Sweeps and atlases at work: many questions at once, every finished row kept before all else.

`tasks` says what a row is asked, `keeping` what is kept of it and what is taken back, in the thread of a
`shelf`; `running` holds a run together. A crew answers rows: `local` on this machine, `cluster` on Dask
(`remote` is its workers' part). `outcomes` is what a run remembers of each row, `table` the whole, for people
and programs, and `writing` its forms.
"""
