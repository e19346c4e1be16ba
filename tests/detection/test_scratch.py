from emocam.detection.scratch import Scratch


def test_arrays_start_at_a_multiple_of_64_bytes_whatever_their_size() -> None:
    scratch, others = Scratch(), []
    for size in range(1, 400, 7):
        others.append(bytes(size))  # shifts what comes next
        array = scratch.array(f"of {size}", size)
        assert array.ctypes.data % 64 == 0
        assert array.shape == (size,)


def test_an_array_is_used_again_until_it_is_too_small() -> None:
    scratch = Scratch()
    first = scratch.array("name", 4, 5)
    assert scratch.array("name", 3, 2).ctypes.data == first.ctypes.data
    assert scratch.array("name", 30).shape == (30,)
