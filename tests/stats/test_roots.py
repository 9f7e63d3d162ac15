import numpy as np

from toolkit.stats.roots import crossing


def test_each_function_gets_its_own_root_on_either_side():
    """The square crosses 4 at 2 and at -2, whichever side is searched."""
    found = crossing(np.square, 4.0, np.zeros(2), np.array([10.0, -50.0]))
    np.testing.assert_allclose(found, [2.0, -2.0], rtol=1e-15)


def test_a_function_that_never_reaches_the_level_ends_outside():
    """Where the statistic stays below the level, the limit itself is the answer."""
    assert crossing(np.square, 4.0, np.array(0.0), np.array(1.0)) == 1.0
